/*
 * fuzz_robots - a target (and X-Robots-Tag, and Link), a newline, a robots.txt.
 *
 *	make CC=clang t/fuzz/fuzz_robots
 *	t/fuzz/fuzz_robots -max_total_time=600 -max_len=4096 CORPUS t/fuzz/robots
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "crawler/link_header.h"
#include "crawler/robots.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *s = (const char *)data, *nl = memchr(s, '\n', size);
	size_t n = nl != NULL ? (size_t)(nl - s) : size, from = nl != NULL ? n + 1 : size;
	struct slice own = link_header_canonical((struct slice){ s, n });
	bool noindex = false, nofollow = false;
	struct robots r = { 0 };

	if (robots_parse(&r, s + from, size - from, "archon/1.0") < 0 || r.delay_ms < 0 || r.delay_ms > ROBOTS_MAX_DELAY_MS)
		abort();
	(void)robots_allowed(&r, (struct slice){ s, n });
	robots_tag((struct slice){ s, n }, "archon/1.0", &noindex, &nofollow);
	if (own.len > n || (own.len > 0 && (own.p < s || own.p + own.len > s + n)))
		abort();
	robots_fini(&r);
	return 0;
}
