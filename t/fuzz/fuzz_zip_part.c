/* fuzz_zip_part - an archive: one of its files, and one it hardly has. */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "crawler/zip_part.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_BYTES = 1 << 20 };

static int
count(void *arg, const char *p, size_t len)
{
	size_t *n = arg;

	if (len == 0 || (*n += len) > MAX_BYTES)
		abort();
	return p[len - 1] == 1 ? -ECANCELED : 0;	/* reads it to its end */
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "word/document.xml", "a" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		size_t n = 0;

		(void)zip_part(data, size, names[i], MAX_BYTES, count, &n);
	}
	return 0;
}
