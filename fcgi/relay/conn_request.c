#include "config.h"

#include <errno.h>
#include <string.h>

#include "relay/conn.h"
#include "relay/deflate.h"
#include "relay/ws_handshake.h"
#include "shared/ids.h"
#include "shared/log.h"
#include "shared/revoked.h"
#include "shared/text.h"

void
conn_refuse(struct conn *c, int status, const char *code, const char *sentence)
{
	const struct refusal why = { code, sentence };
	struct text t = { 0 }, more = { 0 };

	log_event(LOG_DEBUG, "refuse conn=%llu status=%d code=%s", (unsigned long long)c->number, status, code);
	if (!wire_is_ws(c->wire))		/* no browser asks that of a WebSocket, and nginx keeps little for it */
		http_cors(&more, c->server->conf, c->origin);
	if (text_str(&more) != NULL)
		http_refuse(&t, status, &why, text_str(&more));
	c->reply = t.failed || more.failed ? NULL : frame_raw(t.p, t.len);
	text_fini(&more);
	text_fini(&t);
	conn_finish(c);
}

/* -- what is asked for --------------------------------------------------------- */

static const struct stream *
stream_find(const struct server *sv, struct slice path, struct slice *id)
{
	for (unsigned i = 0; i < sv->n_streams; i++) {
		const struct stream *st = sv->streams[i];
		size_t n = strlen(st->path);

		if (!st->takes_id && slice_is(path, st->path))
			return st;
		if (st->takes_id && path.len > n && memcmp(path.p, st->path, n) == 0 &&
		    memchr(path.p + n, '/', path.len - n) == NULL) {
			*id = (struct slice){ path.p + n, path.len - n };
			return st;
		}
	}
	return NULL;
}

static bool
id_decode(struct slice in, char out[ID_TOPIC_MAX], size_t *len)	/* percent-encoding off, then checked */
{
	size_t n = 0;

	for (size_t i = 0; i < in.len; i++, n++) {
		if (n == ID_TOPIC_MAX)
			return false;
		out[n] = in.p[i];
		if (in.p[i] == '%') {
			int hi = in.len - i > 2 ? hex_value(in.p[i + 1]) : -1;
			int lo = hi >= 0 ? hex_value(in.p[i + 2]) : -1;

			if (lo < 0)
				return false;
			out[n] = (char)(hi << 4 | lo);
			i += 2;
		}
	}
	*len = n;
	return id_is_topic(out, n);
}

/* -- and how it is answered ------------------------------------------------------ */

static const unsigned way_bits[N_WIRES] = {
	[WIRE_WS] = WAY_WS, [WIRE_DEFLATE] = WAY_WS, [WIRE_SSE] = WAY_SSE, [WIRE_POLL] = WAY_POLL,
};

/* A field that may stand once; twice is none that we know. */
static struct slice
field_once(const struct http_head *h, const char *name)
{
	unsigned n;
	struct slice v = http_field(h, name, &n);

	return n > 1 || (n == 1 && v.len == 0) ? SLICE_LIT("null") : v;
}

/* Under whose token, and until when?  HTTP_SWITCHING, or the status. */
static int
conn_grant(struct conn *c, const struct http_head *h, struct slice name, struct refusal *why)
{
	struct slice until = field_once(h, "X-Archon-Until");
	uint64_t wall_ms = 0;

	if (name.len == 0)
		return HTTP_SWITCHING;		/* none was asked for */
	if (until.len > 0 && !asked_number(until, &wall_ms)) {
		*why = (struct refusal){ "bad_request", "X-Archon-Until is no time: relay.conf of nginx sets it, and nobody else." };
		return 400;
	}
	if (grant_take(c->server, revoked_key(name), (int64_t)wall_ms, &c->grant) == 0)
		return HTTP_SWITCHING;
	*why = (struct refusal){ "out_of_memory", "The server is short of memory: try again later." };
	return 503;
}

/* Who asks, and on which of nginx's addresses?  HTTP_SWITCHING, or the status. */
static int
access_check(struct conn *c, const struct http_head *h, struct refusal *why)
{
	const struct conf *conf = c->server->conf;
	struct access_ask ask = {
		.proof = field_once(h, "X-Archon-Access"), .proxied = http_field(h, "X-Archon-Proxied", NULL),
		.host = http_field(h, "Host", NULL),
		.origin = field_once(h, "Origin"), .fetch_site = field_once(h, "Sec-Fetch-Site"), .query = h->query,
		.kind = wire_is_ws(c->wire) ? ACCESS_CHANGES : ACCESS_LISTENS, .need = SCOPE_READ,
	};
	enum access_scope held;
	struct access_no no;
	unsigned n_served;
	struct slice served = http_field(h, "X-Archon-Served", &n_served);
	int status;

	if (!c->server->behind_proxy)
		return HTTP_SWITCHING;
	if (n_served == 1) {
		ask.server_addr = slice_split(&served, ' ');
		ask.server_name = served;
	}
	c->origin = (uint8_t)access_allowed(conf, ask.origin);	/* CONF_TEXT_BYTES hold fewer than 256 */
	if ((status = access_judge(conf, &ask, &held, &no)) == 0)
		return conn_grant(c, h, access_proof_name(ask.proof), why);
	*why = (struct refusal){ no.code, no.sentence };
	return status;
}

static int
request_check(struct conn *c, const struct http_head *h, struct refusal *why)	/* HTTP_SWITCHING: it may go on */
{
	unsigned n_hosts, n_codings;
	struct slice length = http_field(h, "Content-Length", NULL);
	int status;

	if (wire_is_ws(c->wire))
		return (status = ws_handshake_check(h, why)) != HTTP_SWITCHING ? status : access_check(c, h, why);
	http_field(h, "Host", &n_hosts);
	http_field(h, "Transfer-Encoding", &n_codings);
	*why = (struct refusal){ "bad_request", "Exactly one Host header, and no body, is needed." };
	if (n_hosts != 1 || n_codings > 0 || (length.len > 0 && !slice_is(length, "0")))
		return 400;
	return access_check(c, h, why);
}

static bool
conn_answer(struct conn *c, const struct http_head *h)	/* the 101, or an event stream's head */
{
	struct text t = { 0 };

	if (c->wire == WIRE_POLL)
		return true;
	if (c->wire == WIRE_SSE) {
		text_puts(&t, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
		    "X-Accel-Buffering: no\r\nConnection: close\r\n");
		http_cors(&t, c->server->conf, c->origin);
		text_printf(&t, "\r\nretry: %d\n\n", CONN_RETRY_MS);
	} else {
		ws_handshake_accept(&t, h, c->wire == WIRE_DEFLATE ? DEFLATE_ACCEPT : NULL);
	}
	c->reply = t.failed ? NULL : frame_raw(t.p, t.len);
	text_fini(&t);
	return c->reply != NULL;
}

static bool
conn_place(struct conn *c, const struct http_head *h)	/* false: refused */
{
	struct server *sv = c->server;
	unsigned n;
	struct slice ip = http_field(h, "X-Real-IP", &n);
	int rc;

	if (!sv->behind_proxy || n != 1)
		return true;
	if ((rc = address_take(&sv->addresses, ip, (uint32_t)sv->conf->max_per_address, &c->address)) == 0)
		return true;
	sv->counts.refused++;
	if (rc == -EUSERS)
		conn_refuse(c, 429, "too_many_from_address", "Too many clients are connected from this address.");
	else
		conn_refuse(c, 503, "out_of_memory", "The server is short of memory: try again later.");
	return false;
}

static void
conn_subscribe(struct conn *c, const struct stream *stream, const struct http_head *h, const struct asked *a)
{
	const char *why = "request";
	int rc;

	c->state = CONN_OPEN;
	conn_due_end(c, -1);
	rc = stream->open(c, a, &why);
	if (rc > 0) {
		c->state = CONN_HANDSHAKE;
		conn_refuse(c, rc, "bad_parameter", why);
		return;
	}
	if (rc < 0 || !conn_answer(c, h)) {
		if (c->sub.audience != NULL)
			stream->close(c);
		conn_refuse(c, 503, "out_of_memory", "The server is short of memory: try again later.");
		return;
	}
	c->stream = stream;
	c->server->counts.opened++;
	c->server->clients[stream->kind][way_of(c->wire)]++;
	conn_due_open(c);
	if (c->wire == WIRE_POLL)
		conn_expire_in(c, (int64_t)a->wait_ms);
	log_event(LOG_DEBUG, "open conn=%llu wire=%u path=%.*s", (unsigned long long)c->number, c->wire,
	    (int)(h->path.len < 200 ? h->path.len : 200), h->path.p);
}

static bool
offers_deflate(const struct http_head *h)	/* in any of several such fields, RFC 6455 9.1 */
{
	bool offers = false;

	for (unsigned i = 0; i < h->n_fields && !offers; i++)
		offers = slice_is_nocase(h->field[i].name, SLICE_LIT("Sec-WebSocket-Extensions")) && deflate_is_offered(h->field[i].value);
	return offers;
}

static void
conn_request(struct conn *c, const struct http_head *h)
{
	const struct stream *stream;
	char id[ID_TOPIC_MAX];
	struct slice part = { NULL, 0 };
	struct refusal why;
	const char *wrong;
	struct asked asked;
	size_t id_len = 0;
	int status;

	if ((stream = stream_find(c->server, h->path, &part)) == NULL) {
		conn_refuse(c, 404, "not_found", "There is nothing at this address.");
		return;
	}
	if (!slice_is(h->method, "GET")) {
		conn_refuse(c, 405, "method_not_allowed", "Only GET is served here.");
		return;
	}
	if (stream->takes_id && !id_decode(part, id, &id_len)) {
		conn_refuse(c, 400, "bad_id", "An id is 1 to 128 printable ASCII characters without a slash.");
		return;
	}
	c->wire = (uint8_t)asked_wire(h);
	if ((stream->ways & way_bits[c->wire]) == 0)
		c->wire = WIRE_WS;	/* says 426 */
	if ((status = request_check(c, h, &why)) != HTTP_SWITCHING) {
		conn_refuse(c, status, why.code, why.sentence);
		return;
	}
	if ((wrong = asked_read(&asked, h)) != NULL) {
		conn_refuse(c, 422, "bad_parameter", wrong);
		return;
	}
	if (!conn_place(c, h))
		return;
	asked.id = (struct slice){ id, id_len };
	if (c->wire == WIRE_WS && c->server->conf->compress && offers_deflate(h))
		c->wire = WIRE_DEFLATE;
	conn_subscribe(c, stream, h, &asked);
}

enum conn_next
conn_handshake(struct conn *c, struct span *in)
{
	struct http_head h;
	int rc;

	if (in->len == 0 || (rc = http_head_parse(in->p, in->len, &h)) == -EAGAIN)
		return CONN_WAIT;
	if (rc == -EMSGSIZE) {
		conn_refuse(c, 431, "head_too_large", "The request head is too large.");
	} else if (rc < 0) {
		conn_refuse(c, 400, "bad_request", "This is not an HTTP/1.1 request.");
	} else {
		conn_request(c, &h);
		in->p += h.head_bytes;
		in->len -= h.head_bytes;
	}
	return CONN_MORE;
}

