#include "config.h"

#include "crawler/fetch.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crawler/kind.h"
#include "crawler/link_header.h"
#include "crawler/robots.h"

enum {
	KEPT_CONNECTIONS = 256,
	POOL_MAX = 256,			/* idle fetches kept for the next */
	LOW_SPEED_BYTES = 64,		/* a second: slower than this is a tarpit */
	LOW_SPEED_SECONDS = 20,
	RETRY_AFTER_MAX_S = 120,
};

struct fetcher {
	CURLM	*multi;
	const struct conf *conf;
	const struct guard *guard;
	struct fetch *idle;		/* by next_active */
	struct fetch *active;
	unsigned n_idle, n_active;
	size_t	 body_bytes;		/* of all that are active */
	struct fetch *growing;		/* the one that may grow beyond the bound */
	const size_t *behind_bytes;	/* see fetcher_count(); NULL: none */
};

static const char *const words[] = {
#define X(name, word) [FETCH_##name] = word,
	FETCH_ERRORS(X)
#undef X
};

const char *
fetch_error_word(enum fetch_error error)
{
	return words[error];
}

/* -- what curl calls -------------------------------------------------------- */

static curl_socket_t
on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *addr)
{
	struct fetch *f = arg;

	(void)purpose;
	if (!guard_allows(f->fetcher->guard, &addr->addr, url_host(&f->url), f->url.port)) {
		const void *a = addr->family == AF_INET6 ? (const void *)&((struct sockaddr_in6 *)(void *)&addr->addr)->sin6_addr :
		    (const void *)&((struct sockaddr_in *)(void *)&addr->addr)->sin_addr;

		f->error = FETCH_GUARD;
		if (inet_ntop(addr->family, a, f->peer, sizeof f->peer) == NULL)
			f->peer[0] = '\0';
		return CURL_SOCKET_BAD;
	}
	if (!guard_allows_port(f->fetcher->guard, url_host(&f->url), f->url.port)) {
		f->error = FETCH_PORT;
		return CURL_SOCKET_BAD;
	}
	return socket(addr->family, addr->socktype | SOCK_CLOEXEC, addr->protocol);
}

static bool
may_grow(struct fetch *f, size_t by)
{
	struct fetcher *ft = f->fetcher;

	size_t behind = ft->behind_bytes != NULL ? *ft->behind_bytes : 0;

	if (ft->body_bytes + behind + by <= FETCH_BODY_BYTES)
		return true;
	if (ft->growing == NULL && behind < FETCH_BODY_BYTES / 2)
		ft->growing = f;
	return ft->growing == f;
}

static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct fetch *f = arg;
	size_t len = size * n;

	if (f->status == 0)
		(void)curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &f->status);
	if (f->status >= 200 && f->status < 300 && kind_is_foreign(f->content_type)) {
		f->error = FETCH_FOREIGN;
		return 0;
	}
	if (len > (size_t)f->fetcher->conf->page_max_bytes - f->body.len) {
		f->error = FETCH_LARGE;
		return 0;
	}
	if (!may_grow(f, len)) {
		f->error = FETCH_CROWDED;
		return 0;
	}
	text_put(&f->body, p, len);
	if (f->body.failed)
		return 0;
	f->fetcher->body_bytes += len;
	return len;
}

static int64_t
retry_after(const char *value, size_t len)	/* ms: seconds, or a date */
{
	char s[64];
	time_t at, now = time(NULL);
	long long seconds;
	char *end;

	if (len == 0 || len >= sizeof s)
		return -1;
	memcpy(s, value, len);
	s[len] = '\0';
	seconds = strtoll(s, &end, 10);
	if (*end != '\0' || end == s) {
		if ((at = curl_getdate(s, NULL)) == (time_t)-1)
			return -1;
		seconds = at - now;
	}
	if (seconds < 0)
		seconds = 0;
	return (seconds > RETRY_AFTER_MAX_S ? RETRY_AFTER_MAX_S : seconds) * 1000;
}

static void
keep(char *out, size_t size, const char *value, size_t len)	/* whole or not at all */
{
	if (len >= size || memchr(value, '\0', len) != NULL)
		len = 0;
	memcpy(out, value, len);
	out[len] = '\0';
}

static size_t
on_header(char *p, size_t size, size_t n, void *arg)
{
	struct fetch *f = arg;
	size_t len = size * n, vlen;
	const char *colon = memchr(p, ':', len), *v;

	if (len > 5 && memcmp(p, "HTTP/", 5) == 0) {	/* a further reply (100, 103): what came before does not count */
		f->content_type[0] = f->location[0] = f->canonical[0] = f->etag[0] = f->last_modified[0] = '\0';
		f->noindex = f->nofollow = false;
		f->retry_after_ms = -1;
		f->status = 0;
		return len;
	}
	if (colon == NULL)
		return len;
	v = colon + 1;
	vlen = len - (size_t)(v - p);
	while (vlen > 0 && isspace((unsigned char)*v)) {
		v++;
		vlen--;
	}
	while (vlen > 0 && isspace((unsigned char)v[vlen - 1]))
		vlen--;
#define IS(name) ((size_t)(colon - p) == sizeof name - 1 && strncasecmp(p, name, sizeof name - 1) == 0)
	if (IS("content-type"))
		keep(f->content_type, sizeof f->content_type, v, vlen);
	else if (IS("location"))
		keep(f->location, sizeof f->location, v, vlen);
	else if (IS("etag"))
		keep(f->etag, sizeof f->etag, v, vlen);
	else if (IS("last-modified"))
		keep(f->last_modified, sizeof f->last_modified, v, vlen);
	else if (IS("x-robots-tag"))
		robots_tag((struct slice){ v, vlen }, f->fetcher->conf->user_agent, &f->noindex, &f->nofollow);
	else if (IS("link") && f->canonical[0] == '\0') {
		struct slice to = link_header_canonical((struct slice){ v, vlen });

		keep(f->canonical, sizeof f->canonical, to.p, to.len);
	} else if (IS("retry-after"))
		f->retry_after_ms = retry_after(v, vlen);
#undef IS
	return len;
}

/* -- life ------------------------------------------------------------------ */

int
fetcher_new(struct fetcher **out, const struct conf *conf, const struct guard *guard, struct err *e)
{
	struct fetcher *ft = calloc(1, sizeof *ft);

	if (ft == NULL || (ft->multi = curl_multi_init()) == NULL) {
		free(ft);
		return err_set(e, -ENOMEM, "out of memory");
	}
	ft->conf = conf;
	ft->guard = guard;
	(void)curl_multi_setopt(ft->multi, CURLMOPT_MAXCONNECTS, (long)KEPT_CONNECTIONS);
	(void)curl_multi_setopt(ft->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
	*out = ft;
	return 0;
}

static void
fetch_destroy(struct fetch *f)
{
	curl_slist_free_all(f->conditions);
	curl_easy_cleanup(f->easy);
	text_fini(&f->body);
	free(f);
}

void
fetcher_count(struct fetcher *ft, const size_t *behind_bytes)
{
	ft->behind_bytes = behind_bytes;
}

void
fetcher_free(struct fetcher *ft)
{
	struct fetch *f;

	if (ft == NULL)
		return;
	while (ft->active != NULL)
		fetch_free(ft->active);
	while ((f = ft->idle) != NULL) {
		ft->idle = f->next_active;
		fetch_destroy(f);
	}
	(void)curl_multi_cleanup(ft->multi);
	free(ft);
}

static CURL *
easy_new(struct fetch *f)
{
	const struct conf *conf = f->fetcher->conf;
	const char *authorities = secure_getenv("SSL_CERT_FILE");	/* as OpenSSL and curl(1) know it; libcurl does not look */
	CURL *easy = curl_easy_init();
	CURLcode rc = CURLE_OK;

	if (easy == NULL)
		return NULL;
#define SET(opt, v) (rc = rc == CURLE_OK ? curl_easy_setopt(easy, (opt), (v)) : rc)
	SET(CURLOPT_PRIVATE, f);
	SET(CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075500
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
	SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
	SET(CURLOPT_PROXY, "");			/* through a proxy the guard would see the proxy only */
	SET(CURLOPT_USERAGENT, conf->user_agent);
	SET(CURLOPT_ACCEPT_ENCODING, "");	/* all that this libcurl can unpack */
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	if (authorities != NULL)
		SET(CURLOPT_CAINFO, authorities);
	SET(CURLOPT_PATH_AS_IS, 1L);		/* ours is canonical already */
	SET(CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	SET(CURLOPT_OPENSOCKETDATA, f);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, f);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, f);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)conf->connect_ms);
	SET(CURLOPT_TIMEOUT_MS, (long)conf->fetch_ms);
	SET(CURLOPT_LOW_SPEED_LIMIT, (long)LOW_SPEED_BYTES);
	SET(CURLOPT_LOW_SPEED_TIME, (long)LOW_SPEED_SECONDS);
	SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)conf->page_max_bytes);
	SET(CURLOPT_BUFFERSIZE, 65536L);
#undef SET
	if (rc != CURLE_OK) {
		curl_easy_cleanup(easy);
		return NULL;
	}
	return easy;
}

struct fetch *
fetch_new(struct fetcher *ft)
{
	struct fetch *f = ft->idle;
	CURL *easy;

	if (f != NULL) {
		ft->idle = f->next_active;
		ft->n_idle--;
		easy = f->easy;
		*f = (struct fetch){ .fetcher = ft, .easy = easy };
		return f;
	}
	if ((f = calloc(1, sizeof *f)) == NULL)
		return NULL;
	f->fetcher = ft;
	if ((f->easy = easy_new(f)) == NULL) {
		free(f);
		return NULL;
	}
	return f;
}

static void
deactivate(struct fetch *f)
{
	struct fetcher *ft = f->fetcher;

	if (!f->active)
		return;
	(void)curl_multi_remove_handle(ft->multi, f->easy);
	if (f->prev_active != NULL)
		f->prev_active->next_active = f->next_active;
	else
		ft->active = f->next_active;
	if (f->next_active != NULL)
		f->next_active->prev_active = f->prev_active;
	f->prev_active = f->next_active = NULL;
	f->active = false;
	ft->n_active--;
	ft->body_bytes -= f->body.len;	/* from here on it is its taker's */
	if (ft->growing == f)
		ft->growing = NULL;
	curl_slist_free_all(f->conditions);
	f->conditions = NULL;
}

void
fetch_free(struct fetch *f)
{
	struct fetcher *ft;

	if (f == NULL)
		return;
	ft = f->fetcher;
	deactivate(f);
	text_fini(&f->body);
	if (ft->n_idle == POOL_MAX) {
		fetch_destroy(f);
		return;
	}
	f->next_active = ft->idle;
	ft->idle = f;
	ft->n_idle++;
}

static bool
add_condition(struct fetch *f, const char *name, const char *value)
{
	char line[256];
	struct curl_slist *list;

	if (value[0] == '\0')
		return true;
	(void)snprintf(line, sizeof line, "%s: %s", name, value);
	if ((list = curl_slist_append(f->conditions, line)) == NULL)
		return false;
	f->conditions = list;
	return true;
}

/* What goes out beside libcurl's own: those of the crawl, and the conditions. */
static bool
set_headers(struct fetch *f)
{
	if (f->if_none_match[0] == '\0' && f->if_modified_since[0] == '\0')
		return curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, f->headers) == CURLE_OK;
	for (const struct curl_slist *h = f->headers; h != NULL; h = h->next) {
		struct curl_slist *list = curl_slist_append(f->conditions, h->data);

		if (list == NULL)
			return false;
		f->conditions = list;
	}
	return add_condition(f, "If-None-Match", f->if_none_match) &&
	    add_condition(f, "If-Modified-Since", f->if_modified_since) &&
	    curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, f->conditions) == CURLE_OK;
}

int
fetch_start(struct fetch *f)
{
	struct fetcher *ft = f->fetcher;

	f->error = FETCH_NONE;
	f->status = 0;
	f->n_bytes = 0;
	f->retry_after_ms = -1;
	f->noindex = f->nofollow = false;
	f->content_type[0] = f->location[0] = f->canonical[0] = f->etag[0] = f->last_modified[0] = f->peer[0] = '\0';
	text_clear(&f->body);
	curl_slist_free_all(f->conditions);	/* of an attempt before */
	f->conditions = NULL;
	if (!set_headers(f) || curl_easy_setopt(f->easy, CURLOPT_URL, f->url.text) != CURLE_OK ||
	    curl_easy_setopt(f->easy, CURLOPT_PIPEWAIT, (long)f->url.https) != CURLE_OK ||
	    curl_multi_add_handle(ft->multi, f->easy) != CURLM_OK)
		return -ENOMEM;
	f->active = true;
	f->prev_active = NULL;
	f->next_active = ft->active;
	if (ft->active != NULL)
		ft->active->prev_active = f;
	ft->active = f;
	ft->n_active++;
	return 0;
}

unsigned
fetcher_abort(struct fetcher *ft, const struct crawl *c, fetch_drop_f *drop, void *arg)
{
	struct fetch *next;
	unsigned n = 0;

	for (struct fetch *f = ft->active; f != NULL; f = next) {
		next = f->next_active;
		if (f->crawl != c)
			continue;
		drop(f, arg);
		fetch_free(f);
		n++;
	}
	return n;
}

/* -- running --------------------------------------------------------------- */

static enum fetch_error
error_of(CURLcode rc)
{
	switch (rc) {
	case CURLE_OK:
		return FETCH_NONE;
	case CURLE_COULDNT_RESOLVE_HOST:
		return FETCH_RESOLVE;
	case CURLE_COULDNT_CONNECT:
		return FETCH_CONNECT;
	case CURLE_OPERATION_TIMEDOUT:
		return FETCH_TIMEOUT;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
		return FETCH_TLS;
	case CURLE_FILESIZE_EXCEEDED:
		return FETCH_LARGE;
	default:
		return FETCH_BROKEN;
	}
}

void
fetcher_run(struct fetcher *ft, fetch_done_f *done, void *arg)
{
	CURLMsg *msg;
	int left;

	(void)curl_multi_perform(ft->multi, &left);	/* failures of one exchange come as its message */
	while ((msg = curl_multi_info_read(ft->multi, &left)) != NULL) {
		struct fetch *f = NULL;
		CURLcode rc = msg->data.result;
		curl_off_t n = 0, connected_us = 0, took_us = 0;

		if (msg->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&f);
		(void)curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &f->status);
		(void)curl_easy_getinfo(f->easy, CURLINFO_SIZE_DOWNLOAD_T, &n);
		f->n_bytes = (uint64_t)n;
		(void)curl_easy_getinfo(f->easy, CURLINFO_TOTAL_TIME_T, &took_us);
		f->took_us = took_us;
		/*
		 * The guard's verdict stands unless another address of the host was
		 * good.  libcurl's own verdict then says little: it may call a refused
		 * socket a time-out, after an errno left from something else.
		 */
		(void)curl_easy_getinfo(f->easy, CURLINFO_CONNECT_TIME_T, &connected_us);
		if ((f->error == FETCH_GUARD || f->error == FETCH_PORT) && (rc == CURLE_OK || connected_us > 0))
			f->error = FETCH_NONE;
		if (f->error == FETCH_NONE)
			f->error = error_of(rc);
		deactivate(f);
		done(f, arg);
	}
}

void
fetcher_wait(struct fetcher *ft, struct curl_waitfd *fds, unsigned n_fds, int bound_ms)
{
	(void)curl_multi_poll(ft->multi, fds, n_fds, bound_ms, NULL);
}

void
fetcher_wake(struct fetcher *ft)
{
	(void)curl_multi_wakeup(ft->multi);
}

bool
fetcher_is_full(const struct fetcher *ft)
{
	return ft->growing != NULL;
}

unsigned
fetcher_n_active(const struct fetcher *ft)
{
	return ft->n_active;
}

/* -- words ----------------------------------------------------------------- */

enum outcome
fetch_outcome(const struct fetch *f)
{
	static const enum outcome of[] = {
		[FETCH_RESOLVE] = OUTCOME_RESOLVE, [FETCH_CONNECT] = OUTCOME_CONNECT, [FETCH_TIMEOUT] = OUTCOME_TIMEOUT,
		[FETCH_TLS] = OUTCOME_TLS, [FETCH_GUARD] = OUTCOME_ADDRESS, [FETCH_PORT] = OUTCOME_ADDRESS,
		[FETCH_LARGE] = OUTCOME_INTERNAL, [FETCH_FOREIGN] = OUTCOME_INTERNAL, [FETCH_CROWDED] = OUTCOME_INTERNAL,
		[FETCH_BROKEN] = OUTCOME_BROKEN,
	};

	if (f->error != FETCH_NONE)
		return of[f->error];
	return f->status == 404 || f->status == 410 ? OUTCOME_NOT_FOUND : f->status >= 500 ? OUTCOME_SERVER :
	    f->status >= 400 ? OUTCOME_REFUSED : f->status >= 300 ? OUTCOME_LOOP : OUTCOME_HTTP;
}

void
fetch_sentence(const struct fetch *f, char *out, size_t size)
{
	struct slice host = url_host(&f->url);
	int n = host.len > 100 ? 100 : (int)host.len;

	switch (f->error) {
	case FETCH_NONE:
		(void)snprintf(out, size, "The server answered %ld%s.", f->status,
		    f->status == 404 || f->status == 410 ? " (not found)" : f->status >= 500 ? " (its own failure)" :
		    f->status == 401 || f->status == 403 ? " (access refused)" : "");
		break;
	case FETCH_RESOLVE:
		(void)snprintf(out, size, "The host %.*s does not resolve; check its spelling and the DNS here.", n, host.p);
		break;
	case FETCH_CONNECT:
		(void)snprintf(out, size, "%.*s refused the connection on port %u; check that the server runs there.",
		    n, host.p, f->url.port);
		break;
	case FETCH_TIMEOUT:
		(void)snprintf(out, size, "%.*s did not answer in time; try again later.", n, host.p);
		break;
	case FETCH_TLS:
		(void)snprintf(out, size, "No secure connection to %.*s: its certificate or protocol was not accepted.", n, host.p);
		break;
	case FETCH_GUARD:
		(void)snprintf(out, size, "%.*s is at %s, which is not a public address; the operator can allow it by "
		    "allow_private in archon.conf.", n, host.p, f->peer[0] != '\0' ? f->peer : "an address");
		break;
	case FETCH_PORT:
		(void)snprintf(out, size, "Port %u of %.*s may not be crawled; the operator can allow it by ports in archon.conf.",
		    f->url.port, n, host.p);
		break;
	case FETCH_CROWDED:
		(void)snprintf(out, size, "There was no room for a page of this size.");
		break;
	case FETCH_LARGE:
		(void)snprintf(out, size, "The page is larger than %lld bytes (max_page_size).",
		    (long long)f->fetcher->conf->page_max_bytes);
		break;
	case FETCH_FOREIGN:
		(void)snprintf(out, size, "%s is no kind of document that is read here.", f->content_type);
		break;
	case FETCH_BROKEN:
		(void)snprintf(out, size, "The connection to %.*s broke off; try again later.", n, host.p);
		break;
	}
}
