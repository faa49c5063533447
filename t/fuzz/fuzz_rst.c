/* fuzz_rst - any bytes: HTML of them, without end or harm. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "crawler/rst.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text out = { 0 };

	rst_html(&out, (const char *)data, size);
	if (out.failed || out.len > 400 * size + 1000)
		abort();
	text_fini(&out);
	return 0;
}
