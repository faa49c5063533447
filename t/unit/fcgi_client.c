#include "config.h"

#include "fcgi_client.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { WAIT_MS = 10000 };

void
fc_record(struct text *out, unsigned type, unsigned id, const void *content, size_t len, unsigned padding)
{
	const uint8_t head[8] = { 1, (uint8_t)type, (uint8_t)(id >> 8), (uint8_t)id,
	    (uint8_t)(len >> 8), (uint8_t)len, (uint8_t)padding, 0 };
	static const char zeros[255];

	text_put(out, head, sizeof head);
	text_put(out, content, len);
	text_put(out, zeros, padding);
}

static void
pair_length(struct text *out, size_t len)
{
	if (len < 128) {
		text_putc(out, (char)len);
		return;
	}
	text_putc(out, (char)(len >> 24 | 0x80));
	text_putc(out, (char)(len >> 16));
	text_putc(out, (char)(len >> 8));
	text_putc(out, (char)len);
}

void
fc_pair(struct text *out, const char *name, const char *value)
{
	pair_length(out, strlen(name));
	pair_length(out, strlen(value));
	text_puts(out, name);
	text_puts(out, value);
}

void
fc_request(struct text *out, const char *method, const char *uri,
    const struct fc_param *params, const char *body, size_t body_len, bool keep)
{
	const uint8_t begin[8] = { 0, 1, keep };
	struct text pairs = { 0 };
	char length[24];

	fc_pair(&pairs, "QUERY_STRING", "");
	fc_pair(&pairs, "REQUEST_METHOD", method);
	fc_pair(&pairs, "DOCUMENT_URI", uri);
	if (body != NULL) {
		(void)snprintf(length, sizeof length, "%zu", body_len);
		fc_pair(&pairs, "CONTENT_LENGTH", length);
		fc_pair(&pairs, "CONTENT_TYPE", "application/json");
	}
	for (; params != NULL && params->name != NULL; params++)
		fc_pair(&pairs, params->name, params->value);
	fc_record(out, 1, 1, begin, sizeof begin, 0);
	fc_record(out, 4, 1, pairs.p, pairs.len, (unsigned)(-pairs.len & 7));	/* padded as nginx does */
	fc_record(out, 4, 1, NULL, 0, 0);
	while (body != NULL && body_len > 0) {
		size_t n = body_len < 32768 ? body_len : 32768;

		fc_record(out, 5, 1, body, n, (unsigned)(-n & 7));
		body += n;
		body_len -= n;
	}
	fc_record(out, 5, 1, NULL, 0, 0);
	text_fini(&pairs);
}

int
fc_connect(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	(void)snprintf(sa.sun_path, sizeof sa.sun_path, "%s", path);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	return fd;
}

void
fc_send(int fd, const void *p, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n < 0)
			return;
		p = (const char *)p + n;
		len -= (size_t)n;
	}
}

static ssize_t
recv_soon(int fd, void *p, size_t len)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int n = poll(&pfd, 1, WAIT_MS);

	ck_assert_msg(n == 1, "nothing came in %d ms", WAIT_MS);
	return recv(fd, p, len, 0);
}

static bool
recv_all(int fd, void *p, size_t len)
{
	while (len > 0) {
		ssize_t n = recv_soon(fd, p, len);

		if (n <= 0)
			return false;
		p = (char *)p + n;
		len -= (size_t)n;
	}
	return true;
}

bool
fc_answer(int fd, struct fc_answer *a)
{
	uint8_t head[8];
	char *content = malloc(65536 + 255);
	const char *blank;

	ck_assert_ptr_nonnull(content);
	text_clear(&a->text);
	a->ended = false;
	a->status = 0;
	while (!a->ended && recv_all(fd, head, sizeof head)) {
		size_t len = (size_t)head[4] << 8 | head[5];

		ck_assert_uint_eq(head[0], 1);
		if (!recv_all(fd, content, len + head[6]))
			break;
		if (head[1] == 6)
			text_put(&a->text, content, len);
		a->ended = head[1] == 3;
	}
	free(content);
	ck_assert_ptr_nonnull(text_str(&a->text));
	(void)sscanf(a->text.p, "Status: %d", &a->status);
	blank = strstr(a->text.p, "\r\n\r\n");
	a->body = blank != NULL ? blank + 4 : a->text.p + a->text.len;
	a->body_len = (size_t)(a->text.p + a->text.len - a->body);
	return a->ended;
}

bool
fc_is_closed(int fd)
{
	char rest[4096];
	ssize_t n;

	while ((n = recv_soon(fd, rest, sizeof rest)) > 0)
		;
	return n == 0 || errno == ECONNRESET;
}

const char *
fc_header(const struct fc_answer *a, const char *name)
{
	const char *at = strstr(a->text.p, name);

	return at != NULL && at < a->body ? at + strlen(name) : NULL;
}
