#include "config.h"

#include "shared/embed_ask.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/text.h"

void
embed_socket_path(const struct conf *conf, char out[108])
{
	(void)snprintf(out, 108, "%.88s/" EMBED_DIR "/embed.sock", conf->run_dir);	/* conf.c has seen that it fits */
}

static bool
set_timeout(int fd, int option, int64_t until_ns)
{
	int64_t left_us = (until_ns - clock_mono_ns()) / 1000;
	struct timeval tv = { .tv_sec = left_us / 1000000, .tv_usec = left_us % 1000000 };

	return left_us > 0 && setsockopt(fd, SOL_SOCKET, option, &tv, sizeof tv) == 0;
}

static bool
put(int fd, const char *text, size_t len, int64_t until_ns)
{
	while (len > 0) {
		ssize_t n = set_timeout(fd, SO_SNDTIMEO, until_ns) ? send(fd, text, len, MSG_NOSIGNAL) : 0;

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return shutdown(fd, SHUT_WR) == 0;
}

static bool
take(int fd, struct vector *v, int64_t until_ns)
{
	unsigned char more[1];

	v->len = 0;
	for (;;) {
		bool full = v->len == sizeof v->p;
		ssize_t n = set_timeout(fd, SO_RCVTIMEO, until_ns) ?
		    recv(fd, full ? more : v->p + v->len, full ? sizeof more : sizeof v->p - v->len, 0) : -1;

		if (n == -1 && errno == EINTR)
			continue;
		if (n < 0 || (n > 0 && full))
			return false;
		if (n == 0)
			return vector_is_sane(v->p, v->len);
		v->len += (size_t)n;
	}
}

static bool
ask(const struct conf *conf, const char *text, struct vector *v)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int64_t until_ns = clock_mono_ns() + EMBED_ASK_MS * INT64_C(1000000);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok;

	if (fd == -1)
		return false;
	embed_socket_path(conf, sun.sun_path);
	ok = set_timeout(fd, SO_SNDTIMEO, until_ns) &&		/* bounds connect(2), too */
	    connect(fd, (struct sockaddr *)&sun, sizeof sun) == 0 &&
	    put(fd, text, utf8_cut(text, strlen(text), EMBED_QUERY_BYTES), until_ns) && take(fd, v, until_ns);
	(void)close(fd);
	return ok;
}

bool
embed_search(const struct conf *conf, struct store *st, struct search *s, struct vector *v)
{
	int dims;

	if (conf->embedding_url[0] == '\0' || s->as_you_type || (dims = store_vectors_dims(st)) <= 0 ||
	    !ask(conf, s->query, v) || v->len != VECTOR_HEAD_BYTES + (size_t)dims)
		return false;
	s->vector = v;
	return true;
}
