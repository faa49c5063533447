/*
 * fuzz_chunk - any Markdown: chunks stay within the text and the size, in order,
 * and together hold every byte that is neither a heading nor a blank line.
 */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crawler/chunk.h"
#include "crawler/md_lines.h"
#include "shared/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool
is_blank(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p == end;
}

/* What no chunk holds: blank lines, and headings below which nothing fitted beside them. */
static void
check_gap(const char *p, const char *end)
{
	struct md_lines lines;
	struct md_block b;

	md_lines_init(&lines, p, (size_t)(end - p));
	while (!is_blank(p, end)) {
		if (!md_next_block(&lines, &b))
			return;			/* nothing but the marks of quotes */
		if (b.kind != MD_HEADING)
			abort();
		p = b.end;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *md = (const char *)data, *last = md;
	struct chunks c = { 0 };
	unsigned size = 20;

	if (len > 0) {
		size += *data;
		md++;
		len--;
	}
	last = md;
	if (utf8_valid_len(md, len) < len || chunk_markdown(&c, md, len, size % 2 == 0 ? "Title" : NULL, size, true) < 0)
		return 0;
	for (unsigned i = 0; i < c.n_chunks; i++) {
		struct slice b = c.chunk[i].body;

		if (b.len == 0 || b.p < last || b.p + b.len > md + len || md_chars(b.p, b.len) > size)
			abort();
		if (utf8_valid_len(b.p, b.len) < b.len)
			abort();
		check_gap(last, b.p);
		last = b.p + b.len;
	}
	check_gap(last, md + len);
	for (unsigned i = 0; i < c.n_examples; i++)
		if (md_chars(c.example[i].before.p, c.example[i].before.len) > 300 ||
		    md_chars(c.example[i].after.p, c.example[i].after.len) > 300 || c.example[i].code.len == 0)
			abort();
	chunks_fini(&c);
	(void)chunk_words(md, len);
	return 0;
}
