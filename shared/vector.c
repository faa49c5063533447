#include "config.h"

#include "shared/vector.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static uint32_t
squares(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

bool
vector_pack(struct vector *out, const double *x, unsigned dims)
{
	double largest = 0;
	uint32_t sum = 0;

	if (dims == 0 || dims > VECTOR_DIMS_MAX)
		return false;
	for (unsigned i = 0; i < dims; i++) {
		if (!isfinite(x[i]))
			return false;
		largest = fabs(x[i]) > largest ? fabs(x[i]) : largest;
	}
	if (!(largest > 0))
		return false;
	for (unsigned i = 0; i < dims; i++) {
		int v = (int)lrint(x[i] / largest * 127);

		out->p[VECTOR_HEAD_BYTES + i] = (unsigned char)(int8_t)v;
		sum += (uint32_t)(v * v);
	}
	for (unsigned i = 0; i < VECTOR_HEAD_BYTES; i++)
		out->p[i] = (unsigned char)(sum >> (8 * i));
	out->len = VECTOR_HEAD_BYTES + dims;
	return true;
}

bool
vector_is_sane(const void *p, size_t len)
{
	return len > VECTOR_HEAD_BYTES && len <= VECTOR_BYTES_MAX && squares(p) > 0;
}

/* The inner loops have a length known at compile time: at -O2 gcc vectorises no others. */
static int32_t
dot(const int8_t *a, const int8_t *b, size_t n)
{
	enum { LANES = 16 };
	int32_t lane[LANES] = { 0 }, sum = 0;
	size_t i = 0;

	for (; n - i >= LANES; i += LANES)
		for (unsigned k = 0; k < LANES; k++)
			lane[k] += (int16_t)(a[i + k] * b[i + k]);	/* at most 127 * 127: it fits */
	for (unsigned k = 0; k < LANES; k++)
		sum += lane[k];
	for (; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

double
vector_cosine(const unsigned char *a, const unsigned char *b, size_t len)
{
	const int8_t *x = (const int8_t *)a + VECTOR_HEAD_BYTES, *y = (const int8_t *)b + VECTOR_HEAD_BYTES;

	return dot(x, y, len - VECTOR_HEAD_BYTES) / sqrt((double)squares(a) * (double)squares(b));
}
