/*
 * handover_layout - the records of HANDOVER_VERSION, for handover.c alone.  A
 * change here, or in what they hold, is another version.
 */
#ifndef HANDOVER_LAYOUT_H
#define HANDOVER_LAYOUT_H

#include <stdint.h>

#include "relay/conn.h"
#include "relay/server.h"

#define HANDOVER_MAGIC "archonR\n"

enum { HANDOVER_NO_STREAM = 255 };

struct handover_counts {
	uint64_t struct_bytes;		/* HANDOVER_STRUCT_BYTES */
	struct server_counts counts;
	uint64_t generation, seen;	/* struct grants */
};

struct handover_live {
	uint64_t epoch, changes;
	uint32_t on, n;			/* n times: change, seq, id */
};

struct handover_conn {			/* then: id, out, reply, last, held, and with has_in ws, text, text_len, packed */
	int32_t	 fd;
	uint8_t	 state, wire, choice, kind, flags, has_in;
	uint16_t rate_second, rate_n;
	uint8_t	 origin, granted;
	uint64_t number, at, mark, address_key, grant_key;
	int64_t	 grant_until_wall_ms;
	int64_t	 due_left_ms[N_DUES];
};

/* Sizes of what is copied as it is: another build of the same version may differ. */
#define HANDOVER_STRUCT_BYTES ((uint64_t)sizeof(struct handover_conn) << 32 | sizeof(struct ws_in) << 16 | sizeof(struct server_counts))

#endif
