#include "config.h"

#include "crawler/embed_client.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/json_text.h"
#include "shared/text.h"

#include "crawler/embed_reply.h"

enum { KEY_BYTES = 4096, CONNECT_MS = 5000 };

struct embed_client {
	const struct conf *conf;
	const atomic_bool *stop;
	CURL	   *easy;
	struct text asked, reply;
};

static size_t
on_body(char *p, size_t one, size_t n, void *arg)
{
	struct embed_client *cl = arg;

	(void)one;			/* always 1 */
	if (n > EMBED_REPLY_BYTES - cl->reply.len)
		return 0;
	text_put(&cl->reply, p, n);
	return cl->reply.failed ? 0 : n;
}

static int
on_progress(void *arg, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal, curl_off_t ulnow)
{
	const struct embed_client *cl = arg;

	(void)dltotal, (void)dlnow, (void)ultotal, (void)ulnow;
	return atomic_load(cl->stop);
}

struct embed_client *
embed_client_new(const struct conf *conf, const atomic_bool *stop)
{
	struct embed_client *cl = calloc(1, sizeof *cl);
	CURLcode rc = CURLE_OK;

	if (cl == NULL || (cl->easy = curl_easy_init()) == NULL) {
		free(cl);
		return NULL;
	}
	cl->conf = conf;
	cl->stop = stop;
#define SET(opt, v) (rc = rc == CURLE_OK ? curl_easy_setopt(cl->easy, (opt), (v)) : rc)
	SET(CURLOPT_URL, conf->embedding_url);
	SET(CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075500
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
	SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
	SET(CURLOPT_FOLLOWLOCATION, 0L);	/* the key is for this address alone */
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_USERAGENT, "archon/" PACKAGE_VERSION);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, cl);
	SET(CURLOPT_XFERINFOFUNCTION, on_progress);
	SET(CURLOPT_XFERINFODATA, cl);
	SET(CURLOPT_NOPROGRESS, 0L);
#undef SET
	if (rc != CURLE_OK) {
		embed_client_free(cl);
		return NULL;
	}
	return cl;
}

void
embed_client_free(struct embed_client *cl)
{
	if (cl == NULL)
		return;
	curl_easy_cleanup(cl->easy);
	text_fini(&cl->asked);
	text_fini(&cl->reply);
	free(cl);
}

/* The header with the key, read each time: a new key needs no restart. */
static int
put_key(const char *path, struct curl_slist **headers, struct err *e)
{
	char line[KEY_BYTES + 32] = "Authorization: Bearer ";
	size_t at = strlen(line), len = 0;
	struct curl_slist *more;
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = errno;
	ssize_t n = fd != -1 ? read(fd, line + at, KEY_BYTES) : -1;

	if (fd != -1) {
		err = errno;
		(void)close(fd);
	}
	if (n < 0)
		return err_set(e, -EAGAIN, "embedding_key_file cannot be read: %s", strerror(err));
	while (len < (size_t)n && line[at + len] > ' ' && line[at + len] < 0x7f)
		len++;
	if (len == 0 || len == KEY_BYTES)
		return err_set(e, -EAGAIN, "embedding_key_file holds no key in its first line");
	line[at + len] = '\0';
	more = curl_slist_append(*headers, line);
	explicit_bzero(line, sizeof line);
	if (more == NULL)
		return err_set(e, -ENOMEM, "out of memory");
	*headers = more;
	return 0;
}

static void
put_request(struct embed_client *cl, const struct slice *text, unsigned n)
{
	struct text *t = &cl->asked;

	text_clear(t);
	text_clear(&cl->reply);
	json_open(t, '{');
	if (cl->conf->embedding_model[0] != '\0')
		json_kstr(t, "model", cl->conf->embedding_model);
	json_kstr(t, "encoding_format", "float");
	json_key(t, "input");
	json_open(t, '[');
	for (unsigned i = 0; i < n; i++)
		json_string(t, text[i].p, text[i].len);
	json_close(t, ']');
	json_close(t, '}');
}

static int
verdict(struct embed_client *cl, CURLcode rc, struct err *e)
{
	long status = 0;

	if (rc != CURLE_OK)
		return err_set(e, -EAGAIN, "%s", curl_easy_strerror(rc));
	(void)curl_easy_getinfo(cl->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status == 200)
		return 0;
	/* llama.cpp says 500 of a text that is too long for it, Ollama 400, vLLM 400 */
	return err_set(e, status == 400 || status == 413 || status == 422 || status == 500 ? -EINVAL : -EAGAIN,
	    "the embedding endpoint answered %ld", status);
}

int
embed_client_ask(struct embed_client *cl, const struct slice *text, unsigned n, long timeout_ms,
    struct vector *out, struct err *e)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
	int rc = 0;

	put_request(cl, text, n);
	if (headers == NULL || cl->asked.failed || cl->reply.failed)
		rc = err_set(e, -ENOMEM, "out of memory");
	else if (cl->conf->embedding_key_file[0] != '\0')
		rc = put_key(cl->conf->embedding_key_file, &headers, e);
	if (rc == 0) {
		CURLcode c = curl_easy_setopt(cl->easy, CURLOPT_HTTPHEADER, headers);

		if (c == CURLE_OK)
			c = curl_easy_setopt(cl->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)cl->asked.len);
		if (c == CURLE_OK)
			c = curl_easy_setopt(cl->easy, CURLOPT_POSTFIELDS, cl->asked.p);
		if (c == CURLE_OK)
			c = curl_easy_setopt(cl->easy, CURLOPT_TIMEOUT_MS, timeout_ms);
		if (c == CURLE_OK)
			c = curl_easy_perform(cl->easy);
		rc = verdict(cl, c, e);
		(void)curl_easy_setopt(cl->easy, CURLOPT_HTTPHEADER, NULL);
	}
	if (rc == 0 && (rc = embed_reply_read(cl->reply.p, cl->reply.len, out, n, e)) == -EBADMSG)
		rc = -EAGAIN;
	for (struct curl_slist *h = headers; h != NULL; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(headers);
	return rc;
}
