#include "config.h"

#include "relay/deflate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "relay/http_head.h"

enum {
	LEVEL = 6, WINDOW_BITS = 15, MEM_LEVEL = 8,
	TAIL_BYTES = 4,			/* 00 00 ff ff: left out of every message, RFC 7692, 7.2.1 */
	PIECE_BYTES = 4096,
	B0_RSV1 = 0x40,
};

static const uint8_t tail[TAIL_BYTES] = { 0x00, 0x00, 0xff, 0xff };

/* -- negotiation (RFC 7692, 7.1) ---------------------------------------------- */

static bool
bits_are_valid(struct slice v)		/* 8..15, perhaps quoted */
{
	if (v.len > 2 && v.p[0] == '"' && v.p[v.len - 1] == '"')
		v = (struct slice){ v.p + 1, v.len - 2 };
	if (v.len == 1)
		return v.p[0] == '8' || v.p[0] == '9';
	return v.len == 2 && v.p[0] == '1' && v.p[1] >= '0' && v.p[1] <= '5';
}

/* What we answer fits every parameter but a smaller window of ours; unknown or doubled ones end the offer. */
static bool
parameter_fits(struct slice param, unsigned *seen)
{
	static const char *const names[] = {
		"server_no_context_takeover", "client_no_context_takeover", "client_max_window_bits", "server_max_window_bits",
	};
	bool valued = memchr(param.p, '=', param.len) != NULL;
	struct slice name = slice_trim(slice_split(&param, '=')), value = slice_trim(param);

	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (!slice_is_nocase(name, slice_of(names[i])))
			continue;
		if ((*seen >> i & 1) != 0)
			return false;
		*seen |= 1u << i;
		switch (i) {
		case 2:
			return !valued || bits_are_valid(value);
		case 3:
			return valued && (slice_is(value, "15") || slice_is(value, "\"15\""));
		default:
			return !valued;
		}
	}
	return false;
}

bool
deflate_is_offered(struct slice extensions)
{
	while (extensions.len > 0) {
		struct slice offer = slice_trim(slice_split(&extensions, ','));
		unsigned seen = 0;
		bool fits = slice_is_nocase(slice_trim(slice_split(&offer, ';')), SLICE_LIT("permessage-deflate"));

		while (fits && offer.len > 0) {
			struct slice param = slice_trim(slice_split(&offer, ';'));

			fits = param.len > 0 && parameter_fits(param, &seen);
		}
		if (fits)
			return true;
	}
	return false;
}

/* -- out ----------------------------------------------------------------------- */

static z_stream *
deflater(void)				/* one for all: it is reset for each message */
{
	static z_stream z;
	static bool ready;

	if (!ready && deflateInit2(&z, LEVEL, Z_DEFLATED, -WINDOW_BITS, MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		return NULL;
	if (ready)
		(void)deflateReset(&z);	/* fails on a broken stream only */
	ready = true;
	return &z;
}

struct frame *
deflate_message(enum ws_opcode op, const void *p, size_t len)
{
	z_stream *z = deflater();
	struct frame *f = NULL;
	uint8_t *packed;
	uLong bound;

	if (z == NULL || len > UINT32_MAX / 2)
		return NULL;
	bound = deflateBound(z, (uLong)len) + 2 * TAIL_BYTES + 2;
	if ((packed = malloc(bound)) == NULL)
		return NULL;
	z->next_in = (Bytef *)(uintptr_t)p;	/* zlib's older headers know no const */
	z->avail_in = (uInt)len;
	z->next_out = packed;
	z->avail_out = (uInt)bound;
	if (deflate(z, Z_SYNC_FLUSH) == Z_OK && z->avail_in == 0 && z->total_out >= TAIL_BYTES &&
	    (f = frame_ws(op, packed, z->total_out - TAIL_BYTES)) != NULL)
		f->bytes[0] |= B0_RSV1;
	free(packed);
	return f;
}

struct frame *
deflate_frame(const void *json, size_t len)
{
	return deflate_message(WS_TEXT, json, len);
}

/* -- in ------------------------------------------------------------------------ */

static z_stream *
inflater(void)
{
	static z_stream z;
	static bool ready;

	if (!ready && inflateInit2(&z, -WINDOW_BITS) != Z_OK)
		return NULL;
	if (ready)
		(void)inflateReset(&z);
	ready = true;
	return &z;
}

static int
inflate_some(z_stream *z, struct text *out, const uint8_t *p, size_t len, uint64_t max_bytes)
{
	uint8_t piece[PIECE_BYTES];
	int rc;

	z->next_in = (Bytef *)(uintptr_t)p;
	z->avail_in = (uInt)len;
	do {
		z->next_out = piece;
		z->avail_out = sizeof piece;
		rc = inflate(z, Z_SYNC_FLUSH);
		if (rc == Z_MEM_ERROR)
			return -ENOMEM;
		if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
			return -EBADMSG;
		if (sizeof piece - z->avail_out > max_bytes - out->len)
			return -EMSGSIZE;	/* before it is kept: a bomb costs one piece */
		text_put(out, piece, sizeof piece - z->avail_out);
		if (out->failed)
			return -ENOMEM;
		if (rc == Z_STREAM_END && z->avail_in > 0)
			(void)inflateReset(z);	/* a final block in the middle, 7.2.3.4 */
	} while (z->avail_out == 0 || (rc == Z_STREAM_END && z->avail_in > 0));
	return z->avail_in == 0 ? 0 : -EBADMSG;
}

int
inflate_message(struct text *out, const void *p, size_t len, uint64_t max_bytes)
{
	z_stream *z = inflater();
	int rc;

	if (z == NULL)
		return -ENOMEM;
	if ((rc = inflate_some(z, out, p, len, max_bytes)) == 0)
		rc = inflate_some(z, out, tail, sizeof tail, max_bytes);
	return rc;
}
