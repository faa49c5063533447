/*
 * route - the HTTP surface of a FastCGI process as one table.  400, 404,
 * 405, 413, 415 and 304 are decided here, not by handlers; `--list-routes` prints it.
 */
#ifndef ROUTE_H
#define ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/access.h"
#include "shared/slice.h"
#include "shared/text.h"

struct sink;

struct request {			/* valid for the length of one handler call */
	const char  *method, *path;
	struct slice id;		/* what {id} matched, else empty */
	struct slice query;		/* the query string, undecoded */
	struct slice body;		/* empty when it is taken by the route_body */
	void	    *taken;		/* what its begin() gave */
	size_t	     body_bytes;	/* of what was taken */
	long long    content_length;	/* as announced; -1: not at all */
	const char  *content_type;	/* "" when absent */
	const char  *if_none_match;	/* "" when absent */
	const char  *request_id;	/* "" when absent */
	enum access_scope scope;	/* what whoever asks may do; the route's own at least */
	char *const *params;		/* all of CGI's, NULL at the end; see request_param() */
	void	    *ctx;		/* the worker thread's own context */
	struct sink *client;		/* to wait for something while it is there; not to be written to */
};

/* A parameter of CGI's such as "HTTP_ORIGIN", borrowed; "" when absent. */
const char *request_param(const struct request *rq, const char *name);

/* What access.h asks of a request: nginx's and the client's fields of it. */
void request_ask(const struct request *rq, struct access_ask *ask);

/*
 * Where a reply goes on after its head, piece by piece.  put: false when the
 * peer has gone; further calls do nothing.  wait: so long at most; false when it
 * has gone or this process is to end, so that the stream must say its last now.
 */
struct sink {
	bool (*put)(struct sink *to, const void *p, size_t len);
	bool (*wait)(struct sink *to, int ms);
};

/* Called once, whether or not the head could be written; takes arg.  It keeps its thread: ROUTE_STREAM_MS. */
typedef void reply_stream_f(struct sink *to, void *arg);

enum { REPLY_HEADERS_MAX = 6, REPLY_ETAG_BYTES = 35 };	/* ETag: 32 hex digits of SHA-256, quotes and NUL */

/* May a page of another origin read this?  Filled by route_choose(). */
struct reply_cors {
	bool	     varies;		/* with the origin: some are allowed */
	struct slice origin;		/* the allowed one that asks; borrowed from the request, empty: none */
};

struct reply {
	struct text body;		/* JSON, unless content_type says otherwise */
	const char *content_type;	/* static; NULL: application/json */
	bool	    no_etag;		/* changes all the time: no ETag is made */
	size_t	    etag_bytes;		/* the ETag covers so much of the body, 0: all of it */
	char	    etag[REPLY_ETAG_BYTES];	/* of this body by reply_etag(), when it is known; "": to be made */
	reply_stream_f *stream;		/* NULL: the body is all; else it comes after it */
	void	   *stream_arg;
	struct reply_cors cors;
	unsigned    n_headers;
	struct { const char *name; char value[256]; } header[REPLY_HEADERS_MAX];	/* name: static */
};

/* Returns an HTTP status; the body is in *out.  Knows neither libfcgi nor nginx. */
typedef int route_handler_f(const struct request *rq, struct reply *out);

/*
 * A body that is no JSON.  One too large to hold is taken in pieces, as it comes,
 * when the three functions are there.  take() keeps to itself what is wrong; the handler, which runs when all has come,
 * says it.
 */
struct route_body {
	const char *type;		/* its media type */
	void *(*begin)(const struct request *rq, struct reply *out, int *status);	/* NULL: refused */
	bool  (*take)(void *taken, const char *p, size_t len);	/* false: the rest is not wanted */
	void  (*end)(void *taken);	/* after the handler, or instead of it when the client has gone */
};

struct route {
	const char	*method;
	const char	*pattern;	/* literal, with at most one {id} segment */
	enum access_scope need;		/* of whoever asks */
	size_t		 max_body_bytes;	/* 0: none is read */
	route_handler_f	*handler;
	const char	*what;		/* one line, for --list-routes and the README; NULL: nginx asks it, nobody else can */
	const struct route_body *body;	/* NULL: JSON, which must be UTF-8, in request.body */
};

struct routes {
	const struct route *tbl;
	size_t		    n;
	/* An exchange is over; r NULL: no such path.  status 0: the peer left before its answer.  May be NULL. */
	void (*observe)(const struct routes *rs, const struct route *r, int status, int64_t took_ns);
	void		   *observe_arg;
	const struct conf  *conf;	/* who may come in; NULL: everybody (tests) */
	/* Say to who may not why, in the protocol spoken here; NULL: as reply_error(). */
	void (*refuse)(struct reply *out, const char *sentence);
};

/* HEAD finds GET's route.  NULL with *path_known telling 404 (false) from 405. */
const struct route *route_find(const struct routes *rs, const char *method,
    const char *path, struct slice *id, bool *path_known);

/* "GET, HEAD, POST": what the path has, for Allow. */
void route_allow(const struct routes *rs, const char *path, char *out, size_t bytes);
void route_list(const struct routes *rs);		/* --list-routes, to stdout */

/*
 * The first half of an answer, before the body is read: is the path sound (400),
 * may whoever asks do this (access.h: 400, 403), is it known (404), known for this
 * method (405), the body small enough (413), of the right type (415)?  The route,
 * with rq->id and rq->scope filled; NULL when *status and *out hold the refusal, or
 * the answer to a browser that asks whether it may ask (OPTIONS, 204).
 */
const struct route *route_choose(const struct routes *rs, struct request *rq,
    struct reply *out, int *status);

/*
 * The second half: the body is whole (400), then the handler runs.  Returns the
 * status.  What takes longer than ROUTE_SLOW_MS is logged.
 */
enum { ROUTE_SLOW_MS = 1000, ROUTE_STREAM_MS = 50000 };	/* a stream ends below FCGI_STUCK_MS and clients' usual 60 s */
int route_run(const struct route *r, const struct request *rq, struct reply *out);

/*
 * The whole answer as a CGI script writes it ("Status:" first): ETag and 304,
 * HEAD, Content-Length always, X-Request-Id.  false when memory ran out.
 */
bool reply_write(struct text *http, const struct request *rq, int status, struct reply *out);
void reply_clear(struct reply *out);		/* for the next request; keeps the memory */

/* The ETag of a body. */
void reply_etag(char out[REPLY_ETAG_BYTES], const void *p, size_t len);

/* Does an If-None-Match field hold this ETag (quoted), `*`, or its weak form?  RFC 9110, 13.1.2. */
bool etag_matches(const char *if_none_match, const char *etag);

/* Decode a path once, NUL-terminated: its length, -EBADMSG bad escape or NUL, -EMSGSIZE. */
int path_decode(struct slice raw, char *out, size_t bytes);

/* Add a header; value is copied and cut, control bytes become '?'.  name must be static. */
__attribute__((format(printf, 3, 4)))
void reply_header(struct reply *out, const char *name, const char *fmt, ...);

/* Error body (message_error) in one call; returns status. */
__attribute__((format(printf, 5, 6)))
int reply_error(struct reply *out, int status, const char *code, const char *field, const char *fmt, ...);

/*
 * A query parameter, percent-decoded into out (NUL-terminated).  Length, -ENOENT
 * absent, -EMSGSIZE does not fit, -EBADMSG bad escape or NUL.
 */
int query_param(struct slice query, const char *name, char *out, size_t bytes);

#endif
