#include "config.h"

#include "ctl/ws_client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "ctl/http.h"
#include "shared/clock.h"
#include "shared/text.h"
#include "shared/ws_frame.h"

enum { IN_BYTES = 16384, HEAD_MAX_BYTES = 16384 };

struct ws_client {
	CURL	   *curl;
	int	    fd;			/* borrowed from curl, for poll() */
	bool	    closed;		/* a Close went out, or nothing can */
	struct text in;			/* bytes as they came */
	size_t	    used;		/* of them, those already looked at */
	struct text message;		/* what the fragments so far give */
	bool	    in_message;
};

/* -- bytes -------------------------------------------------------------------- */

static int
wait_for(struct ws_client *ws, short events, int wait_ms)	/* 1, 0 in vain or a signal */
{
	struct pollfd p = { .fd = ws->fd, .events = events };

	return poll(&p, 1, wait_ms) > 0;
}

static int
send_all(struct ws_client *ws, const void *buf, size_t len)	/* 0, -EPIPE */
{
	const char *p = buf;
	int64_t end = clock_mono_ns() + 5 * INT64_C(1000000000);

	while (len > 0) {
		size_t n = 0;
		CURLcode rc = curl_easy_send(ws->curl, p, len, &n);

		if (rc == CURLE_AGAIN && clock_mono_ns() < end) {
			(void)wait_for(ws, POLLOUT, 100);
			continue;
		}
		if (rc != CURLE_OK)
			return -EPIPE;
		p += n;
		len -= n;
	}
	return 0;
}

/* Read what there is.  1 some, 0 none in time, -EPIPE the end. */
static int
receive(struct ws_client *ws, int wait_ms)
{
	char buf[IN_BYTES];
	size_t n = 0;
	CURLcode rc = curl_easy_recv(ws->curl, buf, sizeof buf, &n);

	if (rc == CURLE_AGAIN && wait_for(ws, POLLIN, wait_ms))
		rc = curl_easy_recv(ws->curl, buf, sizeof buf, &n);
	if (rc == CURLE_AGAIN)
		return 0;
	if (rc != CURLE_OK || n == 0)
		return -EPIPE;
	text_put(&ws->in, buf, n);
	return ws->in.failed ? -EPIPE : 1;
}

static void
consume(struct ws_client *ws, size_t n)
{
	ws->used += n;
	if (ws->used == ws->in.len) {
		text_clear(&ws->in);
		ws->used = 0;
	} else if (ws->used > IN_BYTES) {
		memmove(ws->in.p, ws->in.p + ws->used, ws->in.len - ws->used);
		ws->in.len -= ws->used;
		ws->used = 0;
	}
}

/* -- frames ------------------------------------------------------------------- */

static int
send_frame(struct ws_client *ws, enum ws_opcode op, const uint8_t *payload, size_t len)
{
	uint8_t frame[WS_HEADER_MAX + WS_CONTROL_MAX], mask[4];
	size_t at;

	if (ws->closed || len > WS_CONTROL_MAX)
		return -EPIPE;
	if (getrandom(mask, sizeof mask, 0) != sizeof mask)
		return -EPIPE;
	at = ws_header_write(frame, op, len, mask);
	if (len > 0)
		memcpy(frame + at, payload, len);
	ws_mask(frame + at, len, mask, 0);
	return send_all(ws, frame, at + len);
}

static void
send_close(struct ws_client *ws, unsigned code)
{
	uint8_t payload[2] = { (uint8_t)(code >> 8), (uint8_t)code };

	(void)send_frame(ws, WS_CLOSE, payload, sizeof payload);	/* a courtesy: we leave either way */
	ws->closed = true;
}

static int
fail(struct ws_client *ws, unsigned code)
{
	send_close(ws, code);
	return -EPROTO;
}

/* One whole frame.  1 it ends a message, 0 go on, -EPIPE, -EPROTO. */
static int
take_frame(struct ws_client *ws, const struct ws_header *h, const uint8_t *payload)
{
	size_t len = (size_t)h->payload_bytes;

	switch (h->opcode) {
	case WS_PING:
		return send_frame(ws, WS_PONG, payload, len) == 0 ? 0 : -EPIPE;
	case WS_PONG:
		return 0;
	case WS_CLOSE:
		(void)send_frame(ws, WS_CLOSE, payload, len >= 2 ? 2 : 0);	/* echo the code; the end anyway */
		ws->closed = true;
		return -EPIPE;
	case WS_TEXT:
		if (ws->in_message)
			return fail(ws, 1002);
		text_clear(&ws->message);
		break;
	case WS_CONT:
		if (!ws->in_message)
			return fail(ws, 1002);
		break;
	default:
		return fail(ws, 1003);		/* archon sends text only */
	}
	if (ws->message.len + len > WS_CLIENT_MESSAGE_MAX)
		return fail(ws, 1009);
	text_put(&ws->message, payload, len);
	ws->in_message = !h->fin;
	if (!h->fin)
		return 0;
	return utf8_valid_len(ws->message.p, ws->message.len) == ws->message.len ? 1 : fail(ws, 1007);
}

/* Take frames out of the input until one ends a message.  1, 0 more bytes needed, -errno. */
static int
take_frames(struct ws_client *ws)
{
	while (ws->used < ws->in.len) {
		const uint8_t *p = (const uint8_t *)ws->in.p + ws->used;
		size_t len = ws->in.len - ws->used;
		struct ws_header h;
		int rc = ws_header_parse(p, len, WS_FROM_SERVER, WS_CLIENT_MESSAGE_MAX, &h);

		if (rc == -EAGAIN)
			return 0;
		if (rc < 0)
			return fail(ws, rc == -EMSGSIZE ? 1009 : 1002);
		if (len - h.header_bytes < h.payload_bytes)
			return 0;
		rc = take_frame(ws, &h, p + h.header_bytes);
		consume(ws, h.header_bytes + (size_t)h.payload_bytes);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
ws_client_next(struct ws_client *ws, int wait_ms, struct slice *message)
{
	int rc;

	if (ws->closed)
		return -EPIPE;
	while ((rc = take_frames(ws)) == 0) {
		if ((rc = receive(ws, wait_ms)) <= 0)
			return rc;
		wait_ms = 0;			/* some bytes came: only what is there already */
	}
	if (rc == 1)
		*message = (struct slice){ ws->message.p != NULL ? ws->message.p : "", ws->message.len };
	return rc;
}

/* -- opening handshake ---------------------------------------------------------- */

static void
base64(char *out, const uint8_t *p, size_t len)		/* out: (len + 2) / 3 * 4 and NUL */
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i += 3) {
		uint32_t v = (uint32_t)p[i] << 16 | (i + 1 < len ? (uint32_t)p[i + 1] << 8 : 0) | (i + 2 < len ? p[i + 2] : 0);

		*out++ = digit[v >> 18];
		*out++ = digit[v >> 12 & 63];
		*out++ = i + 1 < len ? digit[v >> 6 & 63] : '=';
		*out++ = i + 2 < len ? digit[v & 63] : '=';
	}
	*out = '\0';
}

/* The value of a header in the reply's head, or NULL; borrowed, up to its CR. */
static struct slice
header_value(const char *head, const char *name)
{
	size_t n = strlen(name);

	for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
		line += 2;
		if (strncasecmp(line, name, n) == 0 && line[n] == ':') {
			line += n + 1;
			line += strspn(line, " \t");
			return (struct slice){ line, strcspn(line, "\r \t") };
		}
	}
	return (struct slice){ 0 };
}

static int
read_reply(struct ws_client *ws, const char *key, int64_t end_ns, struct err *e)
{
	char accept[WS_ACCEPT_BYTES];
	const char *head, *end;
	int status = 0;

	for (;;) {
		int64_t left_ms = (end_ns - clock_mono_ns()) / 1000000;

		if ((head = text_str(&ws->in)) != NULL && (end = strstr(head, "\r\n\r\n")) != NULL)
			break;
		if (ws->in.len > HEAD_MAX_BYTES)
			return err_set(e, -EPROTO, "the reply to the upgrade has no end");
		if (left_ms <= 0 || receive(ws, (int)left_ms) < 0)
			return err_set(e, -EPROTO, "no reply to the upgrade");
	}
	if (strncmp(head, "HTTP/1.1 ", 9) == 0)
		status = (int)strtol(head + 9, NULL, 10);
	if (status != 101)
		return err_set(e, -EPROTO, "the upgrade was answered %d", status);
	ws_accept_key(accept, key, strlen(key));
	if (!slice_is(header_value(head, "Sec-WebSocket-Accept"), accept))
		return err_set(e, -EPROTO, "Sec-WebSocket-Accept is wrong");
	consume(ws, (size_t)(end - head) + 4);
	return 0;
}

static int
shake_hands(struct ws_client *ws, const struct ctl *ctl, const char *path, int64_t end_ns, struct err *e)
{
	struct text request = { 0 };
	uint8_t nonce[16];
	char key[WS_KEY_BYTES + 1];
	const char *host = strstr(ctl->base, "://") + 3;
	int rc;

	if (getrandom(nonce, sizeof nonce, 0) != sizeof nonce)
		return err_set(e, -EPROTO, "no random numbers");
	base64(key, nonce, sizeof nonce);
	text_printf(&request, "GET %s%s HTTP/1.1\r\nHost: %.*s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\nUser-Agent: archonctl/" VERSION "\r\n%s%s%s\r\n",
	    host + strcspn(host, "/"), path, (int)strcspn(host, "/"), host, key,
	    ctl->token != NULL ? "Authorization: Bearer " : "", ctl->token != NULL ? ctl->token : "", ctl->token != NULL ? "\r\n" : "");
	if (request.failed || send_all(ws, request.p, request.len) < 0)
		rc = err_set(e, -EPROTO, "the connection ended");
	else
		rc = read_reply(ws, key, end_ns, e);
	text_fini(&request);
	return rc;
}

int
ws_client_open(struct ws_client **out, const struct ctl *ctl, const char *path, int timeout_ms, struct err *e)
{
	int64_t end_ns = clock_mono_ns() + timeout_ms * INT64_C(1000000);
	struct ws_client *ws = calloc(1, sizeof *ws);
	curl_socket_t fd = -1;
	int rc;

	if (ws == NULL || (ws->curl = curl_easy_init()) == NULL) {
		rc = err_set(e, -ENOTCONN, "out of memory");
		goto fail;
	}
	http_setup(ws->curl, ctl, path);
	curl_easy_setopt(ws->curl, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(ws->curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);	/* over TLS too */
	curl_easy_setopt(ws->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)timeout_ms);
	if (curl_easy_perform(ws->curl) != CURLE_OK ||
	    curl_easy_getinfo(ws->curl, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK) {
		rc = http_unreachable(ctl, "no connection", e);
		ws->closed = true;
		goto fail;
	}
	ws->fd = fd;
	if ((rc = shake_hands(ws, ctl, path, end_ns, e)) < 0) {
		ws->closed = true;
		goto fail;
	}
	*out = ws;
	return 0;
fail:
	ws_client_close(ws);
	return rc;
}

void
ws_client_close(struct ws_client *ws)
{
	if (ws == NULL)
		return;
	if (ws->curl != NULL) {
		if (!ws->closed)
			send_close(ws, 1000);
		curl_easy_cleanup(ws->curl);
	}
	text_fini(&ws->in);
	text_fini(&ws->message);
	free(ws);
}
