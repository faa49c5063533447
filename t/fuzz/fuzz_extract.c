/*
 * fuzz_extract - any bytes are some page: HTML, Markdown and plain text must give
 * valid UTF-8, absolute links, each once, and chunks that hold together.
 */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crawler/charset.h"
#include "crawler/chunk.h"
#include "crawler/document.h"
#include "crawler/xhtml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
check(struct document *doc)
{
	struct chunks c = { 0 };

	if (utf8_valid_len(doc->markdown.p, doc->markdown.len) != doc->markdown.len)
		abort();
	for (size_t i = 0; i < doc->n_links; i++)
		if (strncmp(doc->links[i].url, "http", 4) != 0 || (i > 0 && strcmp(doc->links[i].url, doc->links[i - 1].url) == 0))
			abort();
	if (chunk_markdown(&c, doc->markdown.p, doc->markdown.len, doc->title, 500, true) == 0) {
		for (unsigned i = 0; i < c.n_chunks; i++)
			if (c.chunk[i].body.len == 0 || c.chunk[i].body.len > 4 * 500)
				abort();
		chunks_fini(&c);
	}
	document_fini(doc);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct document doc = { 0 };
	struct text utf8 = { 0 }, whole = { 0 };
	struct url url;
	const char *p = (const char *)data;

	if (url_parse(&url, "http://example.org/a/b.html") < 0)
		abort();
	if (charset_to_utf8(&utf8, p, len, "", 1) == 0) {
		p = utf8.p != NULL ? utf8.p : "";
		len = utf8.len;
	}
	(void)extract_html(&doc, p, len, &url);		/* -EMSGSIZE is an answer, too */
	check(&doc);
	(void)xhtml_is("", p, len);
	xhtml_expand(&whole, p, len);
	(void)extract_html(&doc, whole.p, whole.len, &url);
	check(&doc);
	text_fini(&whole);
	(void)extract_markdown(&doc, p, len, &url);
	check(&doc);
	(void)extract_plain(&doc, p, len, &url);
	check(&doc);
	text_fini(&utf8);
	return 0;
}
