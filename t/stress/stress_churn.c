/*
 * stress_churn - clients of every kind come and go, well and badly: WebSockets
 * that say good-bye, that vanish, that vanish in the middle of a frame; event
 * streams; long polls that are answered and that are not; half a request, none,
 * and what is no request.  Meanwhile some stay and miss nothing.  However many
 * came, the relay's memory is what it was, and nobody is left in it.
 *
 *	stress_churn RELAY-PROGRAM STAYING CONNECTIONS
 *
 * Status 0 when it is so, 1 when not.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/ring.h"
#include "t/stress/swarm.h"

enum { AT_ONCE = 110, NS_PER_MS = 1000000, NEWS_EVERY = 10, ENTRIES = 3, FILL = 50 };

#define CRAWL	"/api/crawl-progress/crawl-1"
#define WAITING "/api/crawl-progress/of-nobody"
#define EVENTS	"Accept: text/event-stream\r\n"

/* What one does: ask, wait for these words, say some more, wait again, and be gone. */
static const struct kind {
	const char *name, *path, *fields;
	bool	    upgrade, half;		/* half: of the request only */
	const char *hears, *says;		/* NULL: nothing */
	size_t	    says_len;
	const char *then;			/* hears; "" means the end of file */
} kinds[] = {
	{ "a good-bye", CRAWL, "", true, false, "\"seq\":", "\x88\x82\0\0\0\0\x03\xe8", 8, "" },
	{ "gone without a word", CRAWL, "", true, false, "\"seq\":", NULL, 0, NULL },
	{ "gone before the answer", CRAWL, "", true, false, NULL, NULL, 0, NULL },
	{ "gone in a frame", WAITING, "", true, false, "\"waiting\"", "\x01\x85\0\0\0\0hel", 9, NULL },
	{ "gone in a header", "/api/crawl/stream", "", true, false, "\"seq\":", "\x81", 1, NULL },
	{ "against the rules", WAITING, "", true, false, "\"waiting\"", "\x81\x05hello", 7, "" },
	{ "a ping", "/api/knowledge-items/stream", "", true, false, " 101 ", "\x89\x80\0\0\0\0", 6, "\x8a" },
	{ "the log", "/api/mcp/logs/stream", "", true, false, "\"seq\":", NULL, 0, NULL },
	{ "events of a crawl", CRAWL, EVENTS, false, false, "data: ", NULL, 0, NULL },
	{ "events of the log", "/api/mcp/logs/stream", EVENTS, false, false, "data: ", NULL, 0, NULL },
	{ "a poll that is answered", CRAWL "?wait=5", "", false, false, "\"seq\":", NULL, 0, "" },
	{ "a poll that waits", WAITING "?wait=50", "", false, false, NULL, NULL, 0, NULL },
	{ "a poll that lapses", WAITING "?wait=0", "", false, false, " 404 ", NULL, 0, "" },
	{ "half a request", CRAWL, "", true, true, NULL, NULL, 0, NULL },
	{ "half a request, until it is told", CRAWL, "", true, true, " 408 ", NULL, 0, "" },
	{ "a foreign page", CRAWL, "Origin: http://evil.example\r\n", true, false, " 403 ", NULL, 0, "" },
	{ "no request", NULL, "\x16\x03\x01 is no HTTP", false, false, " 400 ", NULL, 0, "" },
	{ "nothing", NULL, "", false, false, NULL, NULL, 0, NULL },
	{ "nothing, until it is closed", NULL, "", false, false, "", NULL, 0, NULL },
};
enum { N_KINDS = sizeof kinds / sizeof kinds[0] };

struct visitor {
	const struct kind *kind;
	int		   fd;
	bool		   said;	/* what comes now is judged by then */
	size_t		   len;
	char		   got[8192];	/* its end, when more came */
};

static struct visitor visitors[AT_ONCE];

static const char *
awaited(const struct visitor *v)
{
	return v->said ? v->kind->then : v->kind->hears;
}

static void
visitor_say(struct visitor *v, const char *p, size_t len)
{
	if (len > 0 && send(v->fd, p, len, MSG_NOSIGNAL) != (ssize_t)len)
		die("%s: send: %s", v->kind->name, strerror(errno));
}

static void
visitor_go_on(struct visitor *v, bool eof)	/* closed when it has all it came for */
{
	const char *want = awaited(v);

	while (want != NULL && (*want == '\0' ? eof : memmem(v->got, v->len, want, strlen(want)) != NULL)) {
		if (v->said || v->kind->says == NULL) {
			if (!v->said && v->kind->then != NULL) {
				v->said = true;
				want = awaited(v);
				continue;
			}
			want = NULL;
			break;
		}
		visitor_say(v, v->kind->says, v->kind->says_len);
		v->said = true;
		v->len = 0;
		want = awaited(v);
	}
	if (want == NULL) {
		close(v->fd);
		v->fd = -1;
	} else if (eof) {
		die("%s: an end, not \"%s\": %.*s", v->kind->name, want, (int)v->len, v->got);
	}
}

static void
visitor_read(struct visitor *v)
{
	ssize_t n;

	if (v->len > sizeof v->got / 2) {	/* keep enough for words that are cut */
		memmove(v->got, v->got + v->len - 64, 64);
		v->len = 64;
	}
	n = recv(v->fd, v->got + v->len, sizeof v->got - v->len, 0);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	v->len += n > 0 ? (size_t)n : 0;
	visitor_go_on(v, n <= 0);
}

static bool
visitor_come(struct swarm *s, struct visitor *v, const struct kind *kind)
{
	char rq[512];
	size_t len;

	*v = (struct visitor){ .kind = kind, .fd = swarm_connect(s) };
	if (v->fd == -1)
		return false;
	len = kind->path != NULL ? swarm_request(rq, sizeof rq, kind->path, kind->upgrade, kind->fields) : 0;
	if (kind->path == NULL)
		visitor_say(v, kind->fields, strlen(kind->fields));
	visitor_say(v, rq, kind->half ? len / 2 : len);
	visitor_go_on(v, false);
	return true;
}

static void
visits(struct swarm *s, unsigned first, unsigned n)	/* n of them at once, until all are gone */
{
	int64_t end_ns = clock_mono_ns() + (int64_t)SWARM_PATIENCE_MS * NS_PER_MS;
	struct pollfd pfd[AT_ONCE];
	unsigned left;

	for (unsigned i = 0; i < n; i++) {
		const struct kind *kind = &kinds[(first + i) % N_KINDS];

		while (!visitor_come(s, &visitors[i], kind))
			swarm_turn(s, 1);
	}
	do {
		left = 0;
		for (unsigned i = 0; i < n; i++) {
			pfd[i] = (struct pollfd){ .fd = visitors[i].fd, .events = POLLIN };
			left += visitors[i].fd != -1;
		}
		(void)poll(pfd, n, 5);
		for (unsigned i = 0; i < n; i++)
			if (visitors[i].fd != -1 && pfd[i].revents != 0)
				visitor_read(&visitors[i]);
			else if (visitors[i].fd != -1 && clock_mono_ns() > end_ns)
				die("%s: \"%s\" does not come", visitors[i].kind->name, awaited(&visitors[i]));
		swarm_turn(s, 0);
	} while (left > 0);
}

static void
news(struct swarm *s, unsigned entries)
{
	int64_t end_ns = clock_mono_ns() + (int64_t)SWARM_PATIENCE_MS * NS_PER_MS;

	swarm_publish(s);
	swarm_append(s, entries);
	while (!swarm_is_current(s)) {
		swarm_come(s);		/* at the begin */
		swarm_turn(s, 5);
		if (clock_mono_ns() > end_ns)
			die("one that stays is not served");
	}
}

/* The relay counts nobody but those who stay. */
static void
await_empty(struct swarm *s)
{
	int64_t end_ns = clock_mono_ns() + (int64_t)SWARM_PATIENCE_MS * NS_PER_MS;
	char want[64];
	unsigned dumps = swarm_log_count(s, "dump clients=");

	(void)snprintf(want, sizeof want, "dump clients=%u conns=%u ", s->n_clients, s->n_clients);
	for (unsigned seen = swarm_log_count(s, want); swarm_log_count(s, want) == seen; ) {
		if (kill(s->relay, SIGUSR1) == -1)
			die("the relay is gone");
		for (; swarm_log_count(s, "dump clients=") == dumps; swarm_turn(s, 5))
			if (clock_mono_ns() > end_ns)
				die("visitors are left: see %s/log", s->dir);
		dumps++;
	}
}

int
main(int argc, char **argv)
{
	static struct swarm s;
	unsigned n, done = 0, warm;
	long before_kb = 0, after_kb;

	if (argc != 4)
		die("usage: stress_churn RELAY-PROGRAM STAYING CONNECTIONS");
	n = (unsigned)strtoul(argv[3], NULL, 10);
	warm = n / 4;
	swarm_init(&s, argv[1], "drain = 0s\nhandshake_timeout = 100ms\nmax_per_address = 100000\n", (unsigned)strtoul(argv[2], NULL, 10));
	swarm_relay_start(&s);
	for (unsigned batch = 0; done < n; batch++, done += AT_ONCE) {
		if (batch % NEWS_EVERY == 0)
			news(&s, ENTRIES);
		if (before_kb == 0 && done >= warm) {
			for (unsigned i = 0; i <= RING_SLOTS; i += FILL)	/* from here on the log is as long as it gets */
				news(&s, FILL);
			await_empty(&s);
			before_kb = swarm_relay_kb(&s);
		}
		visits(&s, done, AT_ONCE);
	}
	news(&s, ENTRIES);
	await_empty(&s);
	after_kb = swarm_relay_kb(&s);
	if (after_kb > before_kb + SWARM_GROWTH_KB)
		die("the relay grew from %ld to %ld KB over %u connections", before_kb, after_kb, done - warm);
	printf("%u connections of %d kinds, %u clients stayed, %ld KB after a quarter, %ld KB at the end\n", done, N_KINDS, s.n_clients,
	    before_kb, after_kb);
	swarm_fini(&s);
	return 0;
}
