/*
 * follow - the snapshots of one crawl as they come: by WebSocket, and by polling
 * while that fails; it goes back to the WebSocket when it can.
 */
#ifndef FOLLOW_H
#define FOLLOW_H

#include <json-c/json.h>

#include "ctl/ctl.h"
#include "shared/err.h"

enum {
	FOLLOW_POLL_MS = 1000,
	FOLLOW_RETRY_MS = 3000,		/* the WebSocket, while polling */
	FOLLOW_GIVE_UP_MS = 30000,	/* nothing answers at all */
};

struct follow;

/* Subscribe to id, which may not exist yet; takes at most some seconds.  NULL: out of memory. */
struct follow *follow_start(const struct ctl *ctl, const char *id);
void follow_stop(struct follow *f);		/* NULL is fine */

/*
 * The next snapshot that differs from the one before.  1 and *out (gives), 0
 * when none came within wait_ms or a signal arrived, or with e filled: -ENOENT
 * no such crawl, -ENOTCONN nothing has answered for FOLLOW_GIVE_UP_MS.
 */
int follow_next(struct follow *f, int wait_ms, struct json_object **out, struct err *e);

#endif
