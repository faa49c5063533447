#include "config.h"

#include "shared/ws_frame.h"

#include <errno.h>
#include <nettle/base64.h>
#include <nettle/sha1.h>
#include <string.h>

#include "shared/cursor.h"

enum {
	B0_FIN = 0x80, B0_RSV = 0x70, B0_OPCODE = 0x0f, B0_CONTROL = 0x08,
	B1_MASK = 0x80, B1_LEN = 0x7f,
	LEN_16 = 126, LEN_64 = 127,	/* the length follows in 2 or 8 bytes */
};

static bool
opcode_is_known(unsigned op)
{
	return op <= WS_BINARY || (op >= WS_CLOSE && op <= WS_PONG);
}

int
ws_header_parse(const void *buf, size_t len, enum ws_peer from,
    uint64_t max_payload_bytes, struct ws_header *h)
{
	struct cursor c = cursor_of(buf, len);
	const uint8_t *mask = NULL;
	unsigned b0, b1, len7;
	bool masked;
	uint64_t n;

	b0 = (unsigned)cursor_be(&c, 1);
	if (c.bad)
		return -EAGAIN;
	if (b0 & B0_RSV || !opcode_is_known(b0 & B0_OPCODE))
		return -EPROTO;		/* no extension gave the bits a meaning */
	if (b0 & B0_CONTROL && !(b0 & B0_FIN))
		return -EPROTO;		/* control frames are never fragmented */

	b1 = (unsigned)cursor_be(&c, 1);
	if (c.bad)
		return -EAGAIN;
	masked = b1 & B1_MASK;
	len7 = b1 & B1_LEN;
	if (masked != (from == WS_FROM_CLIENT))
		return -EPROTO;
	if (b0 & B0_CONTROL && len7 > WS_CONTROL_MAX)
		return -EPROTO;

	n = len7;
	if (len7 == LEN_16)
		n = cursor_be(&c, 2);
	else if (len7 == LEN_64)
		n = cursor_be(&c, 8);
	if (c.bad)
		return -EAGAIN;
	if (len7 == LEN_16 && n < LEN_16)
		return -EPROTO;		/* not the shortest form */
	if (len7 == LEN_64 && (n <= UINT16_MAX || n >> 63 != 0))
		return -EPROTO;
	if (n > max_payload_bytes)
		return -EMSGSIZE;

	if (masked && (mask = cursor_take(&c, 4)) == NULL)
		return -EAGAIN;
	*h = (struct ws_header){
		.opcode = (enum ws_opcode)(b0 & B0_OPCODE),
		.fin = b0 & B0_FIN,
		.masked = masked,
		.payload_bytes = n,
		.header_bytes = len - cursor_left(&c),
	};
	if (mask != NULL)
		memcpy(h->mask, mask, sizeof h->mask);
	return 0;
}

static size_t
put_be(uint8_t *out, uint64_t v, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		out[i] = (uint8_t)(v >> 8 * (bytes - 1 - i));
	return bytes;
}

size_t
ws_header_write(uint8_t out[WS_HEADER_MAX], enum ws_opcode op,
    uint64_t payload_bytes, const uint8_t mask[4])
{
	uint8_t b1 = mask != NULL ? B1_MASK : 0;
	size_t n = 2;

	out[0] = (uint8_t)(B0_FIN | (unsigned)op);
	if (payload_bytes < LEN_16) {
		out[1] = (uint8_t)(b1 | payload_bytes);
	} else if (payload_bytes <= UINT16_MAX) {
		out[1] = b1 | LEN_16;
		n += put_be(out + n, payload_bytes, 2);
	} else {
		out[1] = b1 | LEN_64;
		n += put_be(out + n, payload_bytes, 8);
	}
	if (mask != NULL) {
		memcpy(out + n, mask, 4);
		n += 4;
	}
	return n;
}

void
ws_mask(uint8_t *p, size_t len, const uint8_t mask[4], uint64_t at)
{
	uint8_t turned[8];
	uint64_t wide, w;

	for (unsigned i = 0; i < sizeof turned; i++)
		turned[i] = mask[(at + i) & 3];
	memcpy(&wide, turned, sizeof wide);
	for (; len >= sizeof w; p += sizeof w, len -= sizeof w) {
		memcpy(&w, p, sizeof w);
		w ^= wide;
		memcpy(p, &w, sizeof w);
	}
	for (size_t i = 0; i < len; i++)
		p[i] ^= turned[i];
}

bool
ws_close_code_valid(unsigned code)
{
	if (code >= 3000 && code <= 4999)
		return true;		/* libraries and applications */
	/* 1004 to 1006 and 1015 name what happened locally and never travel. */
	return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

void
ws_accept_key(char out[WS_ACCEPT_BYTES], const char *key, size_t len)
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	uint8_t digest[SHA1_DIGEST_SIZE];
	struct sha1_ctx ctx;

	_Static_assert(BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE) == WS_ACCEPT_BYTES - 1,
	    "the answer is 28 characters");
	sha1_init(&ctx);
	sha1_update(&ctx, len, (const uint8_t *)key);
	sha1_update(&ctx, sizeof guid - 1, (const uint8_t *)guid);
	sha1_digest(&ctx, sizeof digest, digest);
	base64_encode_raw(out, sizeof digest, digest);
	out[WS_ACCEPT_BYTES - 1] = '\0';
}
