/*
 * access - who may ask for what.  The one place where that is decided, for
 * archon-api, archon-mcp and archon-relay alike; it knows neither tokens nor the
 * store, only what nginx says of a request.
 *
 * nginx tells on which of its addresses a request came ($server_addr), whether a
 * proxy in front of it passed that on and, where access.conf is included, what
 * archon-api said of its token or cookie (proof).  Clients can set none of them:
 * parameters of FastCGI are nginx's own, and the relay's headers are set on every
 * request, over what a client sent.
 *
 *	access = auto		open on loopback addresses, closed elsewhere, and to what
 *				a proxy passes on
 *	access = required	closed
 *	access = off		open
 *
 * Closed means that only a proof opens it.  Open is not open to every page that a
 * browser shows: a name that somebody else let point here (DNS rebinding) is no
 * name of ours, and what changes something is not taken from a foreign origin.
 */
#ifndef ACCESS_H
#define ACCESS_H

#include <stdbool.h>

#include "shared/conf.h"
#include "shared/slice.h"

/* What a token may do; each holds those before it.  ANY: no token is needed. */
enum access_scope { SCOPE_ANY, SCOPE_READ, SCOPE_CRAWL, SCOPE_ADMIN };

const char *access_scope_word(enum access_scope s);	/* "read", static */
bool access_scope_parse(struct slice word, enum access_scope *out);	/* READ, CRAWL or ADMIN */

/* Reading; reading on and on (a stream, which foreign pages may not even open); changing. */
enum access_kind { ACCESS_READS, ACCESS_LISTENS, ACCESS_CHANGES };

struct access_ask {			/* all borrowed; empty: absent */
	struct slice server_addr, server_name, proxied;	/* nginx's; proxied: a proxy stands before it */
	struct slice proof;		/* "SCOPE HOW NAME", HOW being cookie or bearer */
	struct slice host, origin, fetch_site, query;	/* the client's */
	enum access_kind kind;
	enum access_scope need;
};

struct access_no {			/* all static */
	int	    status;
	const char *code, *sentence;
};

/* What the proof, or being open, gives: 0 with *held; or the status, and *why is filled. */
int access_judge(const struct conf *conf, const struct access_ask *ask, enum access_scope *held, struct access_no *why);

/* NAME in a proof; empty when that is none. */
struct slice access_proof_name(struct slice proof);

/* Is it open (no proof is asked for), closed, or called by a name that is not ours? */
enum access_place { ACCESS_OPEN, ACCESS_CLOSED, ACCESS_FOREIGN };
enum access_place access_place(const struct conf *conf, const struct access_ask *ask);

/* A token in the address, where logs and histories keep it? */
bool access_token_in(struct slice query);
extern const struct access_no access_token_in_url;

/* Which of allow_origins, counted from 1, is this one, so that CORS lets it read answers?  0: none. */
unsigned access_allowed(const struct conf *conf, struct slice origin);
/* And how it is written: lower case, without a default port, as browsers do. */
struct slice access_allowed_text(const struct conf *conf, unsigned n);

/* Headers that let a page of an allowed origin read an answer, each with its CRLF; origin as the browser wrote it. */
#define ACCESS_CORS_FORMAT "Access-Control-Allow-Origin: %.*s\r\nAccess-Control-Allow-Credentials: true\r\n" \
	"Access-Control-Expose-Headers: X-Request-Id, ETag, Location, Retry-After, X-Poll-Interval\r\n"

/* $server_addr of a unix socket ("unix:/run/..."), 127.0.0.0/8, ::1, or the same as ::ffff:127.x.y.z */
bool access_is_local(struct slice server_addr);

#endif
