/*
 * fuzz_embed_reply - what an embedding endpoint answers.
 *
 *	make CC=clang t/fuzz/fuzz_embed_reply
 *	t/fuzz/fuzz_embed_reply -max_total_time=600 -max_len=4096 CORPUS t/fuzz/embed_reply
 */
#include "config.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "crawler/embed_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vector v[2];
	struct err e = { "" };

	for (unsigned n = 1; n <= 2; n++) {
		int rc = embed_reply_read((const char *)data, size, v, n, &e);

		if (rc < 0 && e.text[0] == '\0')
			abort();
		for (unsigned i = 0; rc == 0 && i < n; i++)
			if (v[i].len != v[0].len || !vector_is_sane(v[i].p, v[i].len) ||
			    fabs(vector_cosine(v[i].p, v[0].p, v[0].len)) > 1.000001)
				abort();
	}
	return 0;
}
