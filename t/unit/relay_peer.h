/*
 * relay_peer - a client of a relay in the same process, over a socketpair, and
 * a table for the relay to follow.  The test turns the loop while it waits, so
 * nothing sleeps and every wait has a bound.
 */
#ifndef RELAY_PEER_H
#define RELAY_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "relay/relay.h"
#include "shared/table.h"

struct peer {
	int	fd;
	bool	eof;
	bool	packed;			/* permessage-deflate was negotiated */
	bool	was_packed;		/* the frame in text was compressed */
	size_t	len;
	uint8_t buf[1 << 16];
	char	text[1 << 15];		/* payload of the last frame, NUL-terminated */
	size_t	text_len;
};

struct rig {
	struct relay relay;
	struct conf  conf;
	char	     dir[64];
	struct table *table;		/* the writer's mapping */
	struct crawl_progress row;	/* what rig_publish() sent last */
	pid_t	     pid;		/* a relay of its own process; 0: ours */
	char	     socket_path[108];	/* where that one listens */
};

/*
 * Let the n-th allocation from now fail that is made while the loop turns or
 * takes a client; 0: none.  Counts down; back at 0 it has happened.
 */
extern unsigned rig_fail_in;

void rig_start(struct rig *g, bool with_table);	/* set g->conf by rig_conf() first */
void rig_conf(struct rig *g);			/* defaults, a fresh directory */
void rig_stop(struct rig *g);
void rig_remove(struct rig *g);			/* the directory, with what table and relays made in it */
void rig_table(struct rig *g);			/* make a (new) table */
bool rig_attached(struct rig *g);		/* turn until the relay follows that table */

/* Publish the crawl in a new row, or again; *p is kept in g->row with its seq. */
void rig_publish(struct rig *g, const char *id, enum crawl_phase phase, unsigned percentage);

void peer_connect(struct rig *g, struct peer *p);	/* no handshake yet */
void peer_open(struct rig *g, struct peer *p, const char *id);	/* ... and the 101 is read */
void peer_open_packed(struct rig *g, struct peer *p, const char *id);	/* ... with permessage-deflate */
void peer_gone(struct peer *p);
void peer_raw(struct peer *p, const void *bytes, size_t len);
void peer_frame(struct peer *p, enum ws_opcode op, bool fin, const void *payload, size_t len);
void peer_text(struct peer *p, const char *text);
size_t peer_request(char *out, size_t size, const char *id);	/* of a crawl, or a path */
void peer_get(struct rig *g, struct peer *p, const char *path, const char *fields);	/* without an upgrade */
void peer_events(struct rig *g, struct peer *p, const char *path, const char *last_id);	/* ... its head is read, and retry: */
unsigned peer_status(struct rig *g, struct peer *p);	/* of the head that comes; 0: none */
bool peer_event(struct rig *g, struct peer *p);		/* the next event is in p->text */

/* Turn the loop until the condition; false when patience (20 s) ran out. */
bool peer_head(struct rig *g, struct peer *p);		/* an HTTP head is in p->text, taken from buf */
int peer_next(struct rig *g, struct peer *p);		/* opcode of the next frame; -1 end of file, -2 nothing came */
bool peer_ended(struct rig *g, struct peer *p);		/* end of file */
bool rig_empty(struct rig *g);				/* every conn is gone */
void rig_turns(struct rig *g, int ms);			/* turn for so long */
void rig_tear(struct rig *g, bool torn);		/* leave g->row's writer in mid-write, or let it finish */
unsigned peer_close_code(const struct peer *p);		/* of the Close in p->text */

/* For tests whose rig is called rig. */
#define EXPECT_TEXT(peer, part) do {							\
	int op_ = peer_next(&rig, &(peer));						\
	ck_assert_msg(op_ == WS_TEXT, "opcode %d, not text with %s", op_, (part));	\
	ck_assert_msg(strstr((peer).text, (part)) != NULL, "%s has no %s", (peer).text, (part)); \
} while (0)

#define EXPECT_EVENT(peer, part) do {							\
	ck_assert_msg(peer_event(&rig, &(peer)), "no event, but %s was expected", (part));	\
	ck_assert_msg(strstr((peer).text, (part)) != NULL, "%s has no %s", (peer).text, (part)); \
} while (0)

#define EXPECT_CLOSE(peer, code) do {				\
	ck_assert_int_eq(peer_next(&rig, &(peer)), WS_CLOSE);	\
	ck_assert_uint_eq(peer_close_code(&(peer)), (code));	\
} while (0)

#endif
