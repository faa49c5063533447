#include "config.h"

#include "ctl/http.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { CONNECT_MS = 5000, CALL_MS = 30000, REPLY_MAX_BYTES = 64 << 20 };

static size_t
receive(char *p, size_t size, size_t n, void *arg)
{
	struct text *body = arg;

	if (body->len + size * n > REPLY_MAX_BYTES)
		return 0;
	text_put(body, p, size * n);
	return body->failed ? 0 : size * n;
}

void
http_setup(CURL *curl, const struct ctl *ctl, const char *path)
{
	struct text url = { 0 };

	text_puts(&url, ctl->base);
	text_puts(&url, path);
	curl_easy_setopt(curl, CURLOPT_URL, text_str(&url));	/* copies */
	if (ctl->unix_path[0] != '\0')
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, ctl->unix_path);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");		/* it is our own server */
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "archonctl/" VERSION);
	if (ctl->token != NULL) {
		curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
		curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, ctl->token);
	}
	text_fini(&url);
}

int
http_unreachable(const struct ctl *ctl, const char *why, struct err *e)
{
	bool local = ctl->unix_path[0] != '\0';

	return err_set(e, -ENOTCONN, "nothing answers at %s%s (%s); is archon running?  "
	    "Start it with conf/run or `systemctl start archon.target', or name its address with --url",
	    local ? "unix:" : "", local ? ctl->unix_path : ctl->base, why);
}

int
http_perform(CURL *curl, const struct ctl *ctl, struct http_reply *out, struct err *e)
{
	char why[CURL_ERROR_SIZE] = "";
	long status = 0;
	CURLcode rc;

	*out = (struct http_reply){ 0 };
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &out->body);
	rc = curl_easy_perform(curl);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	if (rc != CURLE_OK) {
		text_fini(&out->body);
		return http_unreachable(ctl, why[0] != '\0' ? why : curl_easy_strerror(rc), e);
	}
	out->status = (int)status;
	return 0;
}

int
http_call(const struct ctl *ctl, const char *method, const char *path, const char *body,
    struct http_reply *out, struct err *e)
{
	struct curl_slist *headers = NULL;
	CURL *curl = curl_easy_init();
	int rc;

	*out = (struct http_reply){ 0 };
	if (curl == NULL)
		return err_set(e, -ENOTCONN, "out of memory");
	http_setup(curl, ctl, path);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(ctl->call_ms > 0 ? ctl->call_ms : CALL_MS));
	if (strcmp(method, "GET") != 0) {
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body != NULL ? body : "");
		headers = curl_slist_append(headers, body != NULL ? "Content-Type: application/json" : "Content-Type:");
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	}
	rc = http_perform(curl, ctl, out, e);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	return rc;
}

int
http_complain(struct http_reply *rp)
{
	struct json_object *o = NULL, *error = NULL;
	const char *s = rp->body.len > 0 ? text_str(&rp->body) : NULL;

	if (s != NULL)
		o = json_tokener_parse(s);
	if (json_object_is_type(o, json_type_object) && json_object_object_get_ex(o, "error", &error) &&
	    json_object_is_type(error, json_type_string))
		fprintf(stderr, "archonctl: %s\n", json_object_get_string(error));
	else
		fprintf(stderr, "archonctl: the server answered %d without saying why; is that archon's address?\n", rp->status);
	json_object_put(o);
	if (rp->status == 502 || rp->status == 503 || rp->status == 504)
		return CTL_UNREACHABLE;
	return rp->status == 400 || rp->status == 422 ? CTL_USAGE : CTL_FAILED;
}

int
http_object(const struct ctl *ctl, struct http_reply *rp, struct json_object **out)
{
	int rc = CTL_DONE;

	if (rp->status / 100 != 2) {
		rc = http_complain(rp);
	} else {
		const char *s = text_str(&rp->body);

		*out = s != NULL ? json_tokener_parse(s) : NULL;
		if (*out == NULL) {
			fprintf(stderr, "archonctl: the reply is not JSON; is %s really archon?\n", ctl->base);
			rc = CTL_FAILED;
		}
	}
	text_fini(&rp->body);
	return rc;
}

int
http_json(const struct ctl *ctl, const char *method, const char *path, const char *body,
    struct json_object **out)
{
	struct http_reply rp;
	struct err e;

	if (http_call(ctl, method, path, body, &rp, &e) < 0) {
		fprintf(stderr, "archonctl: %s\n", e.text);
		return CTL_UNREACHABLE;
	}
	return http_object(ctl, &rp, out);
}

void
http_escape(struct text *t, const char *s)
{
	for (; *s != '\0'; s++)
		if (strchr("-._~", *s) != NULL || (*s >= '0' && *s <= '9') ||
		    (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z'))
			text_putc(t, *s);
		else
			text_printf(t, "%%%02X", (unsigned char)*s);
}

int
http_ask(const struct ctl *ctl, const char *method, const char *before, const char *after, const char *body,
    struct json_object **out)
{
	struct text path = { 0 };
	int rc = CTL_FAILED;

	text_printf(&path, "/api/%s/", before);
	http_escape(&path, ctl->opt.word);
	text_puts(&path, after);
	if (text_str(&path) != NULL)
		rc = http_json(ctl, method, text_str(&path), body, out);
	text_fini(&path);
	return rc;
}
