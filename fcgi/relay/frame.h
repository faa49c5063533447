/*
 * frame - bytes made once and handed to any number of sockets: a reference
 * count in front of what goes on the wire.  Content never changes after it is
 * made (a tape's chunk grows at its end), so an offset into it is all a slow client needs.  One thread only.
 */
#ifndef FRAME_H
#define FRAME_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "shared/ws_frame.h"

struct frame {
	uint32_t refs;
	uint32_t len;
	_Alignas(16) uint8_t bytes[];	/* so the kernel copies it faster, to each client */
};

/* These give one reference; NULL when memory ran out. */
struct frame *frame_raw(const void *p, size_t len);			/* copies; as it is */
struct frame *frame_ws(enum ws_opcode op, const void *payload, size_t len);	/* copies; behind a WebSocket header */
struct frame *frame_ws_close(unsigned code, const char *reason);	/* code 0: a Close without a body */

/* A frame of nothing with room for cap bytes: for who alone appends to it. */
struct frame *frame_blank(uint32_t cap);

/* The payload of what frame_ws() made. */
const uint8_t *frame_ws_payload(const struct frame *f, size_t *len);

static inline struct frame *
frame_ref(struct frame *f)			/* f, with one more reference; NULL stays NULL */
{
	if (f != NULL) {
		assert(f->refs > 0 && f->refs < UINT32_MAX);
		f->refs++;
	}
	return f;
}

static inline void
frame_unref(struct frame *f)			/* takes a reference; NULL is fine */
{
	if (f == NULL)
		return;
	assert(f->refs > 0);
	if (--f->refs == 0)
		free(f);
}

#endif
