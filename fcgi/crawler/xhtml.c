#include "config.h"

#include "crawler/xhtml.h"

#include <string.h>
#include <strings.h>

#include "crawler/markup.h"
#include "crawler/words.h"

enum { HEAD_BYTES = 4096 };		/* where a title stands */

/* Elements without an end tag in HTML. */
static const char *const no_end[WORD_MAX + 1] = {
	[2] = "brhr", [3] = "colimgwbr", [4] = "areabaselinkmeta", [5] = "embedframeinputparamtrack",
	[6] = "keygensource", [7] = "bgsound", [8] = "basefont",
};

bool
xhtml_is(const char *type, const char *page, size_t len)
{
	static const char xml[] = "application/xhtml+xml";
	const char *at = page, *end = page + (len < HEAD_BYTES ? len : HEAD_BYTES);

	if (strncasecmp(type, xml, sizeof xml - 1) == 0)
		return true;
	if (len < 5 || memcmp(page, "<?xml", 5) != 0)
		return false;
	while ((at = memmem(at, (size_t)(end - at), "<title", 6)) != NULL) {	/* XML is written in lower case */
		struct markup m;

		markup_read(&m, page, len, (size_t)(at - page));
		if (m.self_closing && m.name_len == 5)
			return true;
		at++;
	}
	return false;
}

void
xhtml_expand(struct text *out, const char *page, size_t len)
{
	size_t done = 0, at = 0;
	const char *p;

	while (at < len && (p = memchr(page + at, '<', len - at)) != NULL) {
		struct markup m;

		markup_read(&m, page, len, (size_t)(p - page));
		at = m.end;
		if (m.kind != MARKUP_START)
			continue;
		if (!m.self_closing) {
			if (markup_is_raw(&m))
				at = markup_raw_end(&m, page, len, at);
			continue;
		}
		if (m.name_len == MARKUP_NAME_MAX || page[at - 1] != '>' || words_have(no_end, m.name, m.name_len))
			continue;
		text_put(out, page + done, at - done);
		text_printf(out, "</%.*s>", (int)m.name_len, m.name);
		done = at;
	}
	if (done > 0)
		text_put(out, page + done, len - done);
}
