#include "config.h"

#include "shared/fcgi_exchange.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/ids.h"

enum {
	READ_BYTES = 8192,		/* libfcgi's own buffer */
	DRAIN_BYTES = 1024 * 1024 * 1024,	/* of a body nobody wants: nginx takes no answer before it has sent all */
	GOES_ON_BYTES = 1024 * 1024,
	KEEP_BYTES = 1024 * 1024,	/* buffers larger than this are given back */
};

enum param { P_METHOD, P_QUERY, P_TYPE, P_LENGTH, P_DOCUMENT_URI, P_REQUEST_URI, P_REQUEST_ID,
	P_X_REQUEST_ID, P_IF_NONE_MATCH, N_PARAMS };

#define PARAM(name) { name, sizeof name - 1 }
static const struct slice param_name[N_PARAMS] = {
	[P_METHOD] = PARAM("REQUEST_METHOD"),
	[P_QUERY] = PARAM("QUERY_STRING"),
	[P_TYPE] = PARAM("CONTENT_TYPE"),
	[P_LENGTH] = PARAM("CONTENT_LENGTH"),
	[P_DOCUMENT_URI] = PARAM("DOCUMENT_URI"),
	[P_REQUEST_URI] = PARAM("REQUEST_URI"),
	[P_REQUEST_ID] = PARAM("REQUEST_ID"),
	[P_X_REQUEST_ID] = PARAM("HTTP_X_REQUEST_ID"),
	[P_IF_NONE_MATCH] = PARAM("HTTP_IF_NONE_MATCH"),
};
#undef PARAM

#define NO_MEMORY "The service is short of memory, try again"
#define NO_MEMORY_BODY "{\"error\":\"" NO_MEMORY "\",\"detail\":{\"error\":\"" NO_MEMORY "\"},\"code\":\"out_of_memory\"}"
_Static_assert(sizeof NO_MEMORY_BODY - 1 == 139, "Content-Length below");

static const char no_memory[] =		/* needs none itself */
	"Status: 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 139\r\n"
	"Cache-Control: no-cache\r\nRetry-After: 1\r\n\r\n" NO_MEMORY_BODY;

int
exchange_init(void)
{
	static const int taken[] = { SIGPIPE, SIGUSR1, SIGTERM };	/* by FCGX_Init(), even from SIG_IGN */
	struct sigaction ours[sizeof taken / sizeof taken[0]];
	int rc;

	for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
		if (sigaction(taken[i], NULL, &ours[i]) != 0)
			return -errno;
	rc = FCGX_Init();
	for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
		(void)sigaction(taken[i], &ours[i], NULL);	/* valid: it was in force above */
	return rc == 0 ? 0 : -ENOMEM;
}

void
exchange_fini(struct exchange *x)
{
	text_fini(&x->reply.body);
	text_fini(&x->body);
	text_fini(&x->http);
}

/* -- parameters ------------------------------------------------------------ */

static void
params_read(char **envp, const char *value[N_PARAMS])
{
	for (unsigned i = 0; i < N_PARAMS; i++)
		value[i] = "";
	for (; *envp != NULL; envp++) {
		size_t len = strcspn(*envp, "=");

		for (unsigned i = 0; i < N_PARAMS; i++)
			if (len == param_name[i].len && memcmp(*envp, param_name[i].p, len) == 0) {
				value[i] = *envp + len + ((*envp)[len] == '=');
				break;
			}
	}
}

static bool
request_id_is_sound(const char *s)
{
	size_t len = strlen(s);

	for (size_t i = 0; i < len; i++)
		if (s[i] <= ' ' || s[i] > '~')
			return false;
	return len > 0 && len < EXCHANGE_ID_BYTES;
}

/* nginx's id first: it is the one in nginx's log. */
static void
request_id_choose(struct exchange *x, const char *const value[N_PARAMS])
{
	if (request_id_is_sound(value[P_REQUEST_ID]))
		(void)snprintf(x->request_id, sizeof x->request_id, "%s", value[P_REQUEST_ID]);
	else if (request_id_is_sound(value[P_X_REQUEST_ID]))
		(void)snprintf(x->request_id, sizeof x->request_id, "%s", value[P_X_REQUEST_ID]);
	else
		id_uuid(x->request_id);
}

/* -1 absent, LLONG_MAX too large to hold, -EBADMSG not a number. */
static long long
length_parse(const char *s)
{
	long long n = 0;

	if (*s == '\0')
		return -1;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return -EBADMSG;
		n = n > (LLONG_MAX - 9) / 10 ? LLONG_MAX : n * 10 + (*s - '0');
	}
	return n;
}

static const char *
path_choose(struct exchange *x, const char *const value[N_PARAMS])
{
	const char *uri = value[P_REQUEST_URI];

	if (value[P_DOCUMENT_URI][0] != '\0')
		return value[P_DOCUMENT_URI];
	if (path_decode((struct slice){ uri, strcspn(uri, "?#") }, x->path, sizeof x->path) < 0)
		return "";			/* route_choose() answers 400 */
	return x->path;
}

/* -- body ------------------------------------------------------------------ */

static void
goes_on(struct exchange *x, size_t before, size_t now)
{
	if (x->read_goes_on != NULL && before / GOES_ON_BYTES != now / GOES_ON_BYTES)
		x->read_goes_on(x->arg);
}

/* 0 whole, -EMSGSIZE over max (the rest is still to be read), -EPIPE the peer is gone or silent. */
static int
body_read(struct exchange *x, struct request *rq, const struct route *r)
{
	char piece[READ_BYTES];
	bool wanted = true;

	for (;;) {
		int n = FCGX_GetStr(piece, sizeof piece, x->rq.in);

		if (n > 0 && rq->taken == NULL)
			text_put(&x->body, piece, (size_t)n);
		else if (n > 0 && wanted)
			wanted = r->body->take(rq->taken, piece, (size_t)n);
		if (FCGX_GetError(x->rq.in) != 0)
			return -EPIPE;
		rq->body_bytes += n > 0 ? (size_t)n : 0;
		goes_on(x, rq->body_bytes - (size_t)(n > 0 ? n : 0), rq->body_bytes);
		if (rq->body_bytes > r->max_body_bytes)
			return -EMSGSIZE;
		if (n < (int)sizeof piece)
			return 0;
	}
}

/*
 * Read what is left up to the end of STDIN, without which the next request on
 * this connection would start in the middle of this one.
 */
static bool
body_drain(struct exchange *x)
{
	char piece[READ_BYTES];
	size_t total = 0;
	int n;

	do {
		n = FCGX_GetStr(piece, sizeof piece, x->rq.in);
		total += (size_t)n;
		goes_on(x, total - (size_t)n, total);
	} while (n == (int)sizeof piece && total < DRAIN_BYTES);
	return n < (int)sizeof piece && FCGX_GetError(x->rq.in) == 0;
}

/* -- one exchange ---------------------------------------------------------- */

static int
body_too_large(struct exchange *x, const struct route *r)
{
	return reply_error(&x->reply, 413, "body_too_large", NULL,
	    "The body is larger than the %zu bytes taken here", r->max_body_bytes);
}

static int
body_whole(struct exchange *x, struct request *rq, const struct route *r)
{
	if (x->body.failed) {
		reply_header(&x->reply, "Retry-After", "1");
		return reply_error(&x->reply, 503, "out_of_memory", NULL, NO_MEMORY);
	}
	rq->body = (struct slice){ x->body.len > 0 ? x->body.p : "", x->body.len };
	return route_run(r, rq, &x->reply);
}

/* The status; *whole: the request was read to its end. */
static int
request_answer(struct exchange *x, struct request *rq, const struct routes *rs, const struct route **found, bool *whole)
{
	const struct route *r;
	int status = 500, rc = 0;

	if (rq->content_length == -EBADMSG) {
		status = reply_error(&x->reply, 400, "bad_length", NULL, "Content-Length is not a number");
		r = NULL;
	} else {
		r = route_choose(rs, rq, &x->reply, &status);
	}
	*found = r;
	if (r != NULL && r->body != NULL && r->body->begin != NULL && (rq->taken = r->body->begin(rq, &x->reply, &status)) == NULL)
		r = NULL;
	if (r != NULL && r->max_body_bytes > 0)
		rc = body_read(x, rq, r);
	*whole = rc != -EPIPE && body_drain(x);
	if (x->read_done != NULL)
		x->read_done(x->arg);
	if (r == NULL)
		return status;
	status = rc == -EMSGSIZE ? body_too_large(x, r) : !*whole ? 0 : body_whole(x, rq, r);	/* 0: nobody waits for an answer */
	if (rq->taken != NULL)
		r->body->end(rq->taken);
	return status;
}

/* -- a reply that goes on ---------------------------------------------------- */

struct stream {
	struct sink	 sink;		/* first: sinks are these */
	struct exchange *x;
	bool		 gone;
};

static bool
stream_put(struct sink *to, const void *p, size_t len)
{
	struct stream *s = (struct stream *)(void *)to;

	if (s->gone || len > INT_MAX)
		return false;
	s->gone = FCGX_PutStr(p, (int)len, s->x->rq.out) != (int)len || FCGX_FFlush(s->x->rq.out) != 0;
	return !s->gone;
}

static bool
stream_wait(struct sink *to, int ms)
{
	struct stream *s = (struct stream *)(void *)to;
	struct pollfd fds[2] = {
		{ .fd = s->x->rq.ipcFd, .events = POLLRDHUP },	/* nginx closes it when its client has left */
		{ .fd = s->x->stop_fd, .events = POLLIN },
	};

	if (s->gone)
		return false;
	if (poll(fds, 2, ms) < 0)
		return errno == EINTR;		/* shorter than asked: the caller looks at the clock */
	s->gone = fds[0].revents != 0;
	return !s->gone && fds[1].revents == 0;
}

static void
stream_run(struct exchange *x, reply_stream_f *f, void *arg, bool head_written)
{
	struct stream s = { .sink = { stream_put, stream_wait }, .x = x };

	s.gone = !head_written || FCGX_FFlush(x->rq.out) != 0;
	f(&s.sink, arg);
}

static void
buffers_clear(struct exchange *x)
{
	struct text *t[] = { &x->body, &x->http, &x->reply.body };

	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
		if (t[i]->cap > KEEP_BYTES)
			text_fini(t[i]);
	text_clear(&x->body);
	text_clear(&x->http);
	reply_clear(&x->reply);
}

bool
exchange_serve(struct exchange *x, int fd, const struct routes *rs, void *ctx)
{
	const char *value[N_PARAMS];
	struct stream client = { .sink = { stream_put, stream_wait }, .x = x };
	struct request rq;
	reply_stream_f *stream;
	void *stream_arg;
	const struct route *route = NULL;
	bool keep, whole = false, written;
	int64_t began_mono_ns = clock_mono_ns();
	int status = 0;

	buffers_clear(x);
	(void)FCGX_InitRequest(&x->rq, -1, 0);	/* -1: it can never accept behind our back; always 0 */
	x->rq.ipcFd = fd;
	x->rq.keepConnection = 1;
	(void)FCGX_Detach(&x->rq);	/* it closes without waiting 2 s for the peer; fd > 0 always */
	if (FCGX_Accept_r(&x->rq) < 0)
		return false;		/* it closed fd, then failed to accept on -1 */

	keep = x->rq.keepConnection != 0;
	x->rq.keepConnection = 1;	/* closing is ours */
	if (FCGX_GetError(x->rq.in) == 0) {	/* else: parameters cut in the middle pass for whole ones */
		params_read(x->rq.envp, value);
		request_id_choose(x, value);
		rq = (struct request){
			.method = value[P_METHOD], .path = path_choose(x, value), .query = slice_of(value[P_QUERY]),
			.content_length = length_parse(value[P_LENGTH]), .content_type = value[P_TYPE],
			.if_none_match = value[P_IF_NONE_MATCH], .request_id = x->request_id, .params = x->rq.envp, .ctx = ctx,
			.client = &client.sink,
		};
		status = request_answer(x, &rq, rs, &route, &whole);
		stream = x->reply.stream;
		stream_arg = x->reply.stream_arg;
		written = status != 0 && reply_write(&x->http, &rq, status, &x->reply) && x->http.len <= INT_MAX;
		if (written)
			(void)FCGX_PutStr(x->http.p, (int)x->http.len, x->rq.out);	/* failure: seen by Finish */
		else if (status != 0)
			(void)FCGX_PutStr(no_memory, sizeof no_memory - 1, x->rq.out);
		if (stream != NULL)		/* reply_write() drops it when it has to say something else */
			stream_run(x, stream, stream_arg, written && x->reply.stream == stream);
	}
	FCGX_Finish_r(&x->rq);
	if (rs->observe != NULL)
		rs->observe(rs, route, status, clock_mono_ns() - began_mono_ns);
	if (x->rq.ipcFd < 0)		/* the peer was gone: it closed fd */
		return false;
	if (keep && whole)
		return true;
	(void)close(fd);
	return false;
}
