#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "crawler/charset.h"

#define BYTES(s) s, sizeof(s) - 1

static const struct {
	const char *name, *in;
	size_t	    len;
	const char *header, *out;	/* out NULL: it is UTF-8 as it stands */
} rows[] = {
	{ "ascii", BYTES("abc"), NULL, NULL },
	{ "empty", BYTES(""), "", NULL },
	{ "utf-8", BYTES("\xc3\xa9"), NULL, NULL },
	{ "windows-1252 by default", BYTES("caf\xe9 \x80"), "", "caf\u00e9 \u20ac" },
	{ "latin1 is windows-1252", BYTES("\x93x\x94"), "ISO-8859-1", "\u201cx\u201d" },
	{ "header before meta", BYTES("<meta charset=koi8-r>\xe9"), "iso-8859-2", "<meta charset=koi8-r>\u00e9" },
	{ "meta", BYTES("<META Charset = 'koi8-r'>\xc1"), NULL, "<META Charset = 'koi8-r'>\u0430" },
	{ "meta http-equiv", BYTES("<meta content='text/html; charset=shift_jis' http-equiv=x>\x83\x65"), NULL,
	  "<meta content='text/html; charset=shift_jis' http-equiv=x>\u30c6" },
	{ "meta in a comment", BYTES("<!-- <meta charset=koi8-r> -->\xe9"), NULL, "<!-- <meta charset=koi8-r> -->\u00e9" },
	{ "meta utf-16 cannot be", BYTES("<meta charset=utf-16>\xc3\xa9"), NULL, NULL },
	{ "byte order mark first", BYTES("\xef\xbb\xbf\xc3\xa9"), "koi8-r", "\u00e9" },
	{ "utf-16le", BYTES("\xff\xfe" "a\0\xe9\0"), NULL, "a\u00e9" },
	{ "utf-16be", BYTES("\xfe\xff" "\0a\0\xe9"), "utf-8", "a\u00e9" },
	{ "utf-16, half a character", BYTES("\xff\xfe" "a\0b"), NULL, "a\ufffd" },
	{ "utf-16 by header, bad in the middle", BYTES("\0a\xdc\0\0b"), "UTF-16BE", "a\ufffd" "b" },
	{ "utf-16, lone surrogate", BYTES("\xff\xfe\x00\xd8" "a\0"), NULL, "\ufffd" "a" },
	{ "bad utf-8", BYTES("a\xff\xc3" "b\xe2\x82"), "utf-8", "a\ufffd\ufffd" "b\ufffd" },
	{ "bad gb18030", BYTES("\xc4\xe3\xff"), "gb2312", "\u4f60\ufffd" },
	{ "unknown label", BYTES("\xe9"), "no-such-charset", "\u00e9" },
	{ "label with an order", BYTES("\xe9"), "utf-8//IGNORE", "\u00e9" },
	{ "xml declaration", BYTES("<?xml version='1.0' encoding='iso-8859-15'?>\xa4"), NULL,
	  "<?xml version='1.0' encoding='iso-8859-15'?>\u20ac" },
};

START_TEST(row)
{
	for (size_t n = 0; n <= rows[_i].len; n++) {	/* every prefix, each in its own buffer */
		char *copy = malloc(n > 0 ? n : 1);
		struct text out = { 0 };
		int rc;

		memcpy(copy, rows[_i].in, n);
		rc = charset_to_utf8(&out, copy, n, rows[_i].header, 1);
		ck_assert_msg(rc == 0 || rc == 1, "%s: %d", rows[_i].name, rc);
		if (rc == 1)
			ck_assert_uint_eq(utf8_valid_len(copy, n), n);
		else
			ck_assert_uint_eq(utf8_valid_len(out.p, out.len), out.len);
		if (n == rows[_i].len && rows[_i].out == NULL)
			ck_assert_msg(rc == 1 && out.len == 0, "%s: copied", rows[_i].name);
		else if (n == rows[_i].len)
			ck_assert_msg(rc == 0 && strcmp(text_str(&out), rows[_i].out) == 0, "%s: %d %s", rows[_i].name, rc,
			    text_str(&out));
		text_fini(&out);
		free(copy);
	}
}
END_TEST

static const struct {
	const char *in;
	size_t	    len;
	const char *header;
	bool	    is;
} wide[] = {
	{ BYTES("\xff\xfe<\0"), "", true },
	{ BYTES("\xfe\xff\0<"), "utf-8", true },
	{ BYTES("<\0"), "UTF-16", true },
	{ BYTES("<\0"), "utf-16le", true },
	{ BYTES("\0<"), "UTF-16BE", true },
	{ BYTES("\xef\xbb\xbf<"), "", false },
	{ BYTES("\xff\xd8\xff"), "", false },
	{ BYTES("<"), "iso-8859-1", false },
	{ BYTES("<\0"), "utf-16b", false },	/* a label nobody knows */
	{ BYTES("<\0"), "unicode", true },
	{ BYTES("\xff"), "", false },
	{ BYTES(""), "", false },
};

START_TEST(is_wide)
{
	ck_assert_msg(charset_is_wide(wide[_i].in, wide[_i].len, wide[_i].header) == wide[_i].is, "row %d", _i);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("charset");
	TCase *tc = tcase_create("rows");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(tc, row, 0, (int)(sizeof rows / sizeof rows[0]));
	tcase_add_loop_test(tc, is_wide, 0, (int)(sizeof wide / sizeof wide[0]));
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
