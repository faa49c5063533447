/*
 * gate - is a token or cookie good?  nginx asks, before it lets a request through
 * to any program (auth_request, in access.conf), and nobody else can.
 */
#ifndef GATE_H
#define GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/route.h"
#include "shared/store_tokens.h"

#define GATE_PATH "/archon-gate"

/*
 * 204 with X-Archon-Access, the proof that access.h reads ("read bearer NAME"), and
 * X-Archon-Until, milliseconds since 1970, if it ends; or without them when none is
 * asked for here; else 401, and what nginx is to say in
 * X-Archon-Status, X-Archon-Code and X-Archon-Why.
 */
route_handler_f gate_ask;

/* The session cookie of a request; over TLS it has a name that no other site can set. */
const char *gate_cookie_name(const struct request *rq);
bool gate_cookie(const struct request *rq, struct credential *out);

/* What stands behind `Bearer' in its Authorization, whatever that is; false: there is no such scheme. */
bool gate_bearer(const struct request *rq, struct slice *out);	/* borrowed from the request */

/*
 * Whose is it?  true with *out; false with why, whose sentence nginx can put into
 * JSON as it is.  A wrong one is counted and logged.
 */
bool gate_check(const struct request *rq, const struct credential *c, bool session, struct token *out, struct access_no *why);

/* How many seconds whoever was refused so has to wait; 0: that would not help. */
unsigned gate_wait_s(const struct request *rq, const struct access_no *why);

/* It has not even the shape of one. */
void gate_wrong(const struct request *rq, struct slice what, struct access_no *why);

#endif
