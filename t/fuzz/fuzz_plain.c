/* fuzz_plain - any Markdown, read in two pieces cut anywhere: never more than was there, never past its end. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shared/plain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *body = malloc(size + 1);
	struct text out = { 0 };
	struct plain w;
	size_t len;

	if (body == NULL)
		return 0;
	memcpy(body, data, size);
	body[size] = '\0';
	len = strlen(body);
	plain_init(&w, body);
	plain_put(&w, len / 2, len & 1 ? NULL : &out);
	plain_put(&w, len, &out);
	if (out.failed || out.len > len || w.at > body + len)
		abort();
	text_fini(&out);
	free(body);
	return 0;
}
