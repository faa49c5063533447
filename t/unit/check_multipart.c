/* Forms, whole and cut at every byte. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shared/text.h"

#include "api/multipart.h"

#define TYPE "multipart/form-data; boundary=xyz"

/* What was read, written down: "[name|file]data;" of each part. */
static int
note_begin(void *arg, const struct multipart_part *part)
{
	text_printf(arg, "[%s|%s]", part->name, part->is_file ? part->file_name : "-");
	return 0;
}

static int
note_data(void *arg, const char *p, size_t len)
{
	ck_assert_uint_gt(len, 0);
	text_put(arg, p, len);
	return 0;
}

static int
note_end(void *arg)
{
	text_putc(arg, ';');
	return 0;
}

#define PART(name, data) "--xyz\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" data "\r\n"
#define FILE_PART(file, data) "--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=" file "\r\n" \
	"Content-Type: text/plain\r\n\r\n" data "\r\n"
#define CLOSE "--xyz--\r\n"

static const struct {
	const char *type, *form, *read;		/* read NULL: refused */
} rows[] = {
	{ TYPE, PART("a", "1") CLOSE, "[a|-]1;" },
	{ TYPE, PART("a", "1") PART("b", "") CLOSE, "[a|-]1;[b|-];" },
	{ TYPE, FILE_PART("\"x.txt\"", "hello\r\nworld") CLOSE, "[file|x.txt]hello\r\nworld;" },
	{ TYPE, FILE_PART("x.txt", "h") CLOSE, "[file|x.txt]h;" },
	{ TYPE, FILE_PART("\"\"", "") CLOSE, "[file|];" },
	{ TYPE, FILE_PART("\"a\\\"b\\\\c.txt\"", "h") CLOSE, "[file|a\"b\\c.txt]h;" },
	{ TYPE, FILE_PART("\"C:\\dir\\x.txt\"", "h") CLOSE, "[file|C:\\dir\\x.txt]h;" },
	{ TYPE, FILE_PART("\"a;b.txt\"", "h") CLOSE, "[file|a;b.txt]h;" },
	{ TYPE, "--xyz\r\ncontent-disposition:form-data;x=\"; name=no\";NAME=a\r\n\r\n1\r\n" CLOSE, "[a|-]1;" },
	/* nearly a delimiter */
	{ TYPE, PART("a", "\r\n--xy\r\n-\r\r\n\r\n--xxyz") CLOSE, "[a|-]\r\n--xy\r\n-\r\r\n\r\n--xxyz;" },
	{ TYPE, PART("a", "--xyz") CLOSE, "[a|-]--xyz;" },
	{ TYPE, PART("a", "\r") CLOSE, "[a|-]\r;" },
	{ TYPE, "--xyz  \t\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--xyz--", "[a|-]1;" },
	{ TYPE, "preamble\r\n" PART("a", "1") CLOSE "epilogue --xyz", "[a|-]1;" },
	{ TYPE "; x=y", PART("a", "1") CLOSE, "[a|-]1;" },
	{ "multipart/form-data; Boundary=\"xyz\"", PART("a", "1") CLOSE, "[a|-]1;" },
	{ TYPE, CLOSE, "" },
	/* no forms */
	{ "multipart/form-data", CLOSE, NULL },
	{ "multipart/form-data; boundary=", CLOSE, NULL },
	{ "multipart/form-data; boundary=\"x\ny\"", CLOSE, NULL },
	{ "multipart/form-data; boundary=12345678901234567890123456789012345678901234567890123456789012345678901", CLOSE, NULL },
	{ TYPE, "--xyzq\r\n", NULL },
	{ TYPE, "--xyz\n", NULL },
	{ TYPE, "--xyz\r\nContent-Type: text/plain\r\n\r\n1\r\n" CLOSE, NULL },
	{ TYPE, "--xyz\r\n\r\n1\r\n" CLOSE, NULL },
	{ TYPE, "--xyz\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n" CLOSE, NULL },
};

static int
feed(const char *type, const char *form, size_t len, size_t cut, struct text *read, bool *whole)
{
	const struct multipart_user user = { note_begin, note_data, note_end, read };
	struct multipart m;
	char *own;
	int rc = multipart_init(&m, type, &user);

	*whole = false;
	if (rc < 0)
		return rc;
	for (size_t at = 0, n; rc == 0 && at < len; at += n) {
		n = cut == 0 ? 1 : at < cut && cut < len ? cut : len - at;
		own = malloc(n);		/* of its own, for the sanitizer */
		memcpy(own, form + at, n);
		rc = multipart_feed(&m, own, n);
		free(own);
	}
	*whole = multipart_is_whole(&m);
	return rc;
}

START_TEST(each_row)
{
	size_t len = strlen(rows[_i].form);

	for (size_t cut = 0; cut <= len; cut++) {
		struct text read = { 0 };
		bool whole;
		int rc = feed(rows[_i].type, rows[_i].form, len, cut, &read, &whole);

		if (rows[_i].read == NULL) {
			ck_assert_msg(rc < 0, "%s: taken", rows[_i].form);
		} else {
			ck_assert_msg(rc == 0 && whole, "%s cut at %zu: %d", rows[_i].form, cut, rc);
			ck_assert_str_eq(text_str(&read), rows[_i].read);
		}
		text_fini(&read);
	}
}
END_TEST

START_TEST(every_prefix)		/* is not whole, and harms nobody */
{
	size_t len = strlen(rows[_i].form), end = len;
	const char *close = strstr(rows[_i].form, "--xyz--");

	if (rows[_i].read != NULL && close != NULL)
		end = (size_t)(close - rows[_i].form) + 7;
	for (size_t n = 0; n < end; n++) {
		struct text read = { 0 };
		bool whole;

		(void)feed(rows[_i].type, rows[_i].form, n, n, &read, &whole);
		ck_assert_msg(!whole, "%.*s", (int)n, rows[_i].form);
		text_fini(&read);
	}
}
END_TEST

START_TEST(limits)
{
	struct text form = { 0 }, read = { 0 };
	bool whole;

	for (int i = 0; i < MULTIPART_PARTS_MAX; i++)
		text_puts(&form, PART("a", ""));
	text_puts(&form, CLOSE);
	ck_assert_int_eq(feed(TYPE, form.p, form.len, 7, &read, &whole), 0);
	form.len -= sizeof CLOSE - 1;
	text_puts(&form, PART("a", "") CLOSE);
	ck_assert_int_eq(feed(TYPE, form.p, form.len, 7, &read, &whole), -EBADMSG);

	text_clear(&form);
	text_puts(&form, "--xyz\r\nX: ");
	for (int i = 0; i < MULTIPART_HEAD_BYTES; i++)
		text_putc(&form, 'x');
	text_puts(&form, "\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n" CLOSE);
	ck_assert_int_eq(feed(TYPE, form.p, form.len, 7, &read, &whole), -EBADMSG);

	text_clear(&form);
	text_put(&form, "--xyz\r\nContent-Disposition: form-data; name=\"a\0b\"\r\n\r\n", 53);
	ck_assert_int_eq(feed(TYPE, form.p, form.len, 7, &read, &whole), -EBADMSG);
	text_fini(&form);
	text_fini(&read);
}
END_TEST

static int
refuse_begin(void *arg, const struct multipart_part *part)
{
	(void)arg;
	(void)part;
	return -ENOSPC;
}

START_TEST(the_user_says_no)
{
	const struct multipart_user user = { refuse_begin, note_data, note_end, NULL };
	const char form[] = PART("a", "1") CLOSE;
	struct multipart m;

	ck_assert_int_eq(multipart_init(&m, TYPE, &user), 0);
	ck_assert_int_eq(multipart_feed(&m, form, sizeof form - 1), -ENOSPC);
	ck_assert_int_eq(multipart_feed(&m, form, sizeof form - 1), -EBADMSG);
	ck_assert(!multipart_is_whole(&m));
}
END_TEST

int
main(void)
{
	enum { N = sizeof rows / sizeof rows[0] };
	Suite *s = suite_create("multipart");
	TCase *tc = tcase_create("all");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(tc, each_row, 0, N);
	tcase_add_loop_test(tc, every_prefix, 0, N);
	tcase_add_test(tc, limits);
	tcase_add_test(tc, the_user_says_no);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
