/* fuzz_charset - any bytes under any label end as valid UTF-8; the first byte is the label's length. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crawler/charset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char label[32];
	struct text out = { 0 };
	size_t n = len > 0 ? data[0] % sizeof label : 0;
	int rc;

	if (n + 1 > len)
		return 0;
	memcpy(label, data + 1, n);
	label[n] = '\0';
	data += n + 1;
	len -= n + 1;
	if (charset_is_wide((const char *)data, len, label) && charset_to_utf8(&out, (const char *)data, len, label, 0) != 0)
		abort();
	text_clear(&out);
	rc = charset_to_utf8(&out, (const char *)data, len, label, 1);
	if (rc == 1 ? utf8_valid_len((const char *)data, len) < len || out.len > 0 :
	    utf8_valid_len(out.p, out.len) < out.len)
		abort();
	text_fini(&out);
	return 0;
}
