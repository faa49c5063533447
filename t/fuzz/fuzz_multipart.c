/*
 * fuzz_multipart - a byte that says how to cut, a content type, a newline, a
 * form.  However it is cut, the same is read.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shared/text.h"

#include "api/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
note_begin(void *arg, const struct multipart_part *part)
{
	text_printf(arg, "[%s|%s]", part->name, part->is_file ? part->file_name : "-");
	return 0;
}

static int
note_data(void *arg, const char *p, size_t len)
{
	if (len == 0)
		abort();
	text_put(arg, p, len);
	return 0;
}

static int
note_end(void *arg)
{
	text_putc(arg, ';');
	return 0;
}

static int
feed(const char *type, const char *p, size_t len, size_t step, struct text *read)
{
	const struct multipart_user user = { note_begin, note_data, note_end, read };
	struct multipart m;
	int rc = multipart_init(&m, type, &user);

	for (size_t n; rc == 0 && len > 0; p += n, len -= n) {
		n = len < step ? len : step;
		rc = multipart_feed(&m, p, n);
	}
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *s = (const char *)data, *nl = size > 1 ? memchr(s + 1, '\n', size - 1) : NULL;
	struct text whole = { 0 }, cut = { 0 };
	char *type;

	if (nl == NULL || (type = strndup(s + 1, (size_t)(nl - s - 1))) == NULL)
		return 0;
	size -= (size_t)(nl + 1 - s);
	if (feed(type, nl + 1, size, size, &whole) != feed(type, nl + 1, size, data[0] % 64 + 1u, &cut) ||
	    whole.len != cut.len || (whole.len > 0 && memcmp(whole.p, cut.p, whole.len) != 0))
		abort();
	text_fini(&whole);
	text_fini(&cut);
	free(type);
	return 0;
}
