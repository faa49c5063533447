/* fuzz_crawl_params - any bytes as a request body: refused with a sentence, or written and read back the same. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shared/crawl_params.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct crawl_params p, back;
	struct text t = { 0 };
	const char *field;
	struct err e = { "" };
	char source[ID_SOURCE_BYTES];
	int rc = crawl_params_parse(&p, (const char *)data, len, &field, &e);

	if (rc < 0) {
		if (e.text[0] == '\0' || utf8_valid_len(e.text, strlen(e.text)) != strlen(e.text))
			abort();
		return 0;
	}
	crawl_params_source(&p, source);
	crawl_params_json(&p, &t);
	if (t.failed || utf8_valid_len(t.p, t.len) != t.len
	    || crawl_params_parse(&back, t.p, t.len, &field, &e) < 0)
		abort();
	text_fini(&t);
	if (strcmp(p.url, back.url) != 0 || p.tags.n != back.tags.n || p.include.n != back.include.n
	    || p.exclude.n != back.exclude.n || p.max_depth != back.max_depth || p.max_pages != back.max_pages
	    || p.chunk_size != back.chunk_size || p.extract_code_examples != back.extract_code_examples)
		abort();
	return 0;
}
