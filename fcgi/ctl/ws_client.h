/*
 * ws_client - one WebSocket to archon (RFC 6455), as a client: libcurl makes
 * the connection, the handshake and the frames are ours.  Pings are answered
 * and a Close is echoed in here; the caller sees whole text messages.
 */
#ifndef WS_CLIENT_H
#define WS_CLIENT_H

#include "ctl/ctl.h"
#include "shared/err.h"
#include "shared/slice.h"

struct ws_client;

enum { WS_CLIENT_MESSAGE_MAX = 1 << 20 };

/*
 * Connect and shake hands, in at most timeout_ms.  0 and *out (gives), or with
 * e filled: -ENOTCONN nothing answers, -EPROTO it answers, but not with 101.
 */
int ws_client_open(struct ws_client **out, const struct ctl *ctl, const char *path, int timeout_ms, struct err *e);

/*
 * The next message.  1 and *message (borrowed until the next call), 0 when
 * none came within wait_ms or a signal arrived, or -EPIPE closed, -EPROTO the
 * peer broke the rules: only ws_client_close() is left then.
 */
int ws_client_next(struct ws_client *ws, int wait_ms, struct slice *message);

void ws_client_close(struct ws_client *ws);	/* sends Close 1000 when it still can; NULL is fine */

#endif
