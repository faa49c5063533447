#include "config.h"

#include "relay/frame.h"

#include <stdlib.h>
#include <string.h>

static struct frame *
frame_new(const void *head, size_t head_len, const void *body, size_t body_len)
{
	struct frame *f;

	if (body_len > UINT32_MAX - WS_HEADER_MAX)
		return NULL;
	if ((f = malloc(sizeof *f + head_len + body_len)) == NULL)
		return NULL;
	f->refs = 1;
	f->len = (uint32_t)(head_len + body_len);
	if (head_len > 0)
		memcpy(f->bytes, head, head_len);
	if (body_len > 0)
		memcpy(f->bytes + head_len, body, body_len);
	return f;
}

struct frame *
frame_raw(const void *p, size_t len)
{
	return frame_new(NULL, 0, p, len);
}

struct frame *
frame_ws(enum ws_opcode op, const void *payload, size_t len)
{
	uint8_t head[WS_HEADER_MAX];
	size_t n = ws_header_write(head, op, len, NULL);

	return frame_new(head, n, payload, len);
}

struct frame *
frame_ws_close(unsigned code, const char *reason)
{
	uint8_t body[WS_CONTROL_MAX];
	size_t n = strlen(reason);

	if (code == 0)
		return frame_ws(WS_CLOSE, NULL, 0);
	if (n > sizeof body - 2)
		n = sizeof body - 2;
	body[0] = (uint8_t)(code >> 8);
	body[1] = (uint8_t)code;
	memcpy(body + 2, reason, n);
	return frame_ws(WS_CLOSE, body, n + 2);
}

struct frame *
frame_blank(uint32_t cap)
{
	struct frame *f = malloc(sizeof *f + cap);

	if (f != NULL)
		*f = (struct frame){ .refs = 1 };
	return f;
}

const uint8_t *
frame_ws_payload(const struct frame *f, size_t *len)
{
	struct ws_header h;

	*len = 0;
	if (ws_header_parse(f->bytes, f->len, WS_FROM_SERVER, UINT32_MAX, &h) != 0)
		return f->bytes;	/* never: we wrote it */
	*len = (size_t)h.payload_bytes;
	return f->bytes + h.header_bytes;
}
