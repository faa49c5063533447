#include "config.h"

#include "relay/ws_handshake.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "shared/message.h"
#include "shared/ws_frame.h"

static bool
key_is_valid(struct slice key)		/* 16 bytes in base64: 22 digits and "==" */
{
	if (key.len != WS_KEY_BYTES || memcmp(key.p + WS_KEY_BYTES - 2, "==", 2) != 0)
		return false;
	for (size_t i = 0; i < WS_KEY_BYTES - 2; i++) {
		char c = key.p[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    c == '+' || c == '/'))
			return false;
	}
	return true;
}

int
ws_handshake_check(const struct http_head *h, struct refusal *why)
{
	struct slice host, key, version, length;
	unsigned n_hosts, n_keys, n_versions, n_lengths;

	host = http_field(h, "Host", &n_hosts);
	key = http_field(h, "Sec-WebSocket-Key", &n_keys);
	version = http_field(h, "Sec-WebSocket-Version", &n_versions);
	length = http_field(h, "Content-Length", &n_lengths);

	/* Not asking for an upgrade at all is a mistake of another kind than asking wrongly. */
	*why = (struct refusal){ "upgrade_required", "This address speaks WebSocket: send an Upgrade request." };
	if (!http_field_has(h, "Upgrade", "websocket"))
		return 426;

	*why = (struct refusal){ "bad_handshake", "HTTP/1.1 or later is needed to upgrade." };
	if (h->minor < 1)
		return 400;
	why->sentence = "Exactly one Host header is needed.";
	if (n_hosts != 1 || host.len == 0)
		return 400;
	why->sentence = "The Connection header must contain Upgrade.";
	if (!http_field_has(h, "Connection", "upgrade"))
		return 400;
	why->sentence = "A WebSocket request has no body.";
	http_field(h, "Transfer-Encoding", &n_hosts);
	if (n_hosts > 0 || n_lengths > 1 || (n_lengths == 1 && !slice_is(length, "0")))
		return 400;
	why->sentence = "Exactly one Sec-WebSocket-Version header is needed.";
	if (n_versions > 1)
		return 400;
	*why = (struct refusal){ "upgrade_required", "Only version 13 of the WebSocket protocol is spoken here." };
	if (!slice_is(version, "13"))
		return 426;
	*why = (struct refusal){ "bad_handshake", "Exactly one Sec-WebSocket-Key of 16 bytes in base64 is needed." };
	return n_keys == 1 && key_is_valid(key) ? HTTP_SWITCHING : 400;
}

void
ws_handshake_accept(struct text *out, const struct http_head *h, const char *extensions)
{
	struct slice key = http_field(h, "Sec-WebSocket-Key", NULL);
	char accept[WS_ACCEPT_BYTES];

	ws_accept_key(accept, key.p, key.len);
	text_printf(out, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Accept: %s\r\n", accept);
	if (extensions != NULL)
		text_printf(out, "Sec-WebSocket-Extensions: %s\r\n", extensions);
	text_puts(out, "\r\n");
}

void
http_cors(struct text *out, const struct conf *conf, unsigned origin)
{
	struct slice text;

	if (conf->allow_origins[0] != '\0')
		text_puts(out, "Vary: Origin\r\n");
	if (origin == 0)
		return;
	text = access_allowed_text(conf, origin);
	text_printf(out, ACCESS_CORS_FORMAT, (int)text.len, text.p);
}

static const char *
parameter_takes(const char *name)
{
	return strcmp(name, "wait") == 0 ? "0 to 60 seconds are accepted" :
	    strcmp(name, "level") == 0 ? "DEBUG, INFO, WARNING, ERROR and CRITICAL are accepted" :
	    "the seq of a message or a snapshot is accepted";
}

void
http_refuse(struct text *out, int status, const struct refusal *why, const char *more)
{
	static const struct { int status; const char *reason, *extra; } known[] = {
		{ 204, "No Content", "" },
		{ 304, "Not Modified", "" },
		{ 400, "Bad Request", "" },
		{ 403, "Forbidden", "" },
		{ 404, "Not Found", "" },
		{ 405, "Method Not Allowed", "Allow: GET\r\n" },
		{ 408, "Request Timeout", "" },
		{ 422, "Unprocessable Content", "" },
		{ 426, "Upgrade Required", "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" },
		{ 429, "Too Many Requests", "Retry-After: 30\r\n" },
		{ 431, "Request Header Fields Too Large", "" },
		{ 503, "Service Unavailable", "Retry-After: 5\r\n" },
	};
	struct text body = { 0 };
	const char *reason = "Error", *extra = "";
	char sentence[120];

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (known[i].status == status) {
			reason = known[i].reason;
			extra = known[i].extra;
		}
	if (status < 400) {		/* these have no body, RFC 9110, 6.4.1 */
		text_printf(out, "HTTP/1.1 %d %s\r\nCache-Control: no-cache\r\nConnection: close\r\n%s\r\n", status, reason, more);
		return;
	}
	if (status == 422)
		(void)snprintf(sentence, sizeof sentence, "%s: %s", why->sentence, parameter_takes(why->sentence));
	message_error(&body, why->code, status == 422 ? why->sentence : NULL, status == 422 ? sentence : why->sentence);
	text_printf(out, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
	    "Cache-Control: no-store\r\nConnection: close%s\r\n%s%s\r\n",
	    status, reason, body.len, status == 426 ? ", Upgrade" : "", extra, more);
	text_put(out, body.p, body.len);
	if (body.failed)
		out->failed = true;
	text_fini(&body);
}
