/*
 * fuzz_url - a base, a newline, a reference: whatever comes out must be a URL
 * that parses to itself, and stay one when a scope makes it canonical.
 *
 *	make CC=clang t/fuzz/fuzz_url
 *	t/fuzz/fuzz_url -max_total_time=600 -max_len=4096 CORPUS t/fuzz/url
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "shared/url.h"

#include "crawler/scope.h"
#include "crawler/trap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(what) do { if (!(what)) abort(); } while (0)

static void
same(const struct url *u)
{
	struct url v;

	MUST(strlen(u->text) == u->len && url_parse(&v, u->text) == 0);
	MUST(strcmp(u->text, v.text) == 0 && u->host_at == v.host_at && u->host_len == v.host_len &&
	    u->port == v.port && u->path_at == v.path_at && u->query_at == v.query_at && u->https == v.https);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct crawl_params params;
	const char *s = (const char *)data, *nl = memchr(s, '\n', size);
	size_t n = nl != NULL ? (size_t)(nl - s) : 0, from = nl != NULL ? n + 1 : 0;
	struct traps traps = { 0 };
	struct scope scope;
	struct url base, u;
	bool has_base = url_resolve(&base, NULL, s, n) == 0;

	if (has_base)
		same(&base);
	if (url_resolve(&u, has_base ? &base : NULL, s + from, size - from) < 0)
		return 0;
	same(&u);
	if (!has_base)
		base = u;
	params.include.n = 1;
	FIELD_SET(params.include.item[0], "/**/a*?b/**");
	scope_init(&scope, &base, &params);
	(void)scope_check(&scope, &u);
	(void)scope_canonical(&scope, &u);
	same(&u);
	(void)trap_check(&traps, &u);
	traps_fini(&traps);
	return 0;
}
