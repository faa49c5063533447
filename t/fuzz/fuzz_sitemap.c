/*
 * fuzz_sitemap - sitemaps, URL lists, gzip, and what tells them apart.
 *
 *	make CC=clang t/fuzz/fuzz_sitemap
 *	t/fuzz/fuzz_sitemap -max_total_time=600 -max_len=4096 CORPUS t/fuzz/sitemap
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "shared/progress_row.h"

#include "crawler/kind.h"
#include "crawler/sitemap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
on_url(const char *url, size_t len, uint32_t lastmod_s, void *arg)
{
	size_t *limit = arg;

	(void)lastmod_s;
	if (url == NULL || len == 0 || len > *limit)
		abort();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *s = (const char *)data;
	size_t longest = ROW_URL_BYTES, all = size;
	struct text out = { 0 };

	(void)kind_of("", SLICE_LIT("/x"), s, size);
	(void)sitemap_sniff(s, size);
	(void)w3c_date_s((struct slice){ s, size });
	(void)sitemap_each(s, size, on_url, &longest);
	(void)url_list_sniff(s, size);
	(void)url_list_each(s, size, on_url, &all);
	if (gunzip(&out, data, size, 65536) == 0 && out.len > 65536)
		abort();
	text_fini(&out);
	return 0;
}
