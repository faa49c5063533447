/*
 * asked - what one request asks for: which way it wants to be answered, where
 * it left off, what it wants to see.  Pure; texts are borrowed from the head.
 */
#ifndef ASKED_H
#define ASKED_H

#include <stdbool.h>
#include <stdint.h>

#include "relay/http_head.h"
#include "relay/wire.h"
#include "shared/slice.h"

enum { WAIT_MAX_S = 60 };

struct asked {
	struct slice id;		/* decoded */
	struct slice since;		/* Last-Event-ID, else ?since=; empty: from now */
	struct slice level;		/* ?level= */
	uint64_t     wait_ms;		/* ?wait=, in seconds there */
};

/* Upgrade goes first, then Accept, then ?wait=.  What nobody asked for is WIRE_WS, and fails as a handshake. */
enum wire asked_wire(const struct http_head *h);

/* Read the query and Last-Event-ID.  NULL, or the name of the parameter that is wrong (static). */
const char *asked_read(struct asked *a, const struct http_head *h);

bool asked_number(struct slice s, uint64_t *out);	/* the whole slice is decimal digits */

#endif
