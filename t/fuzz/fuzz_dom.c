/*
 * fuzz_dom - the tree of a page read in shorthand, whole or in pieces, is the one that Gumbo
 * makes of the page as it is, but for idle <span>s in code; with another parser, there is
 * nothing to compare.
 */
#include "config.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shared/text.h"
#ifdef WITH_GUMBO
#include "t/unit/dom_twin.h"
#else
#include "crawler/dom.h"
#endif
#include "crawler/markup_guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool
overflows(const char *p, size_t len)	/* perhaps: Gumbo itself counts in an int */
{
	size_t digits = 0;

	for (size_t i = 0; i < len; i++)
		if ((digits = isxdigit((unsigned char)p[i]) ? digits + 1 : 0) > 7)
			return memmem(p, len, "&#", 2) != NULL;
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *page = malloc(len + 1);

	if (page == NULL)
		return 0;
	memcpy(page, data, len);
	for (size_t i = 0; i < len; i++)
		if (page[i] == '\0')
			page[i] = '\t';
	len = utf8_valid_len(page, len);
	len = markup_guard(page, len);
#ifdef WITH_GUMBO
	if (!overflows(page, len) && !(dom_is_twin(page, len, UINT_MAX) && dom_is_twin(page, len, (unsigned)len % 8)))
		abort();
#else
	struct dom *d;

	if (!overflows(page, len) && dom_parse(&d, page, len) == 0)
		dom_free(d);
#endif
	free(page);
	return 0;
}
