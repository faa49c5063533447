#include "config.h"

#include "ctl/follow.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/http.h"
#include "ctl/snapshot.h"
#include "ctl/ws_client.h"
#include "shared/clock.h"

enum { OPEN_MS = 5000, FIRST_MESSAGE_MS = 3000, HTTP_NOT_FOUND = 404, HTTP_OK = 200 };

struct follow {
	const struct ctl *ctl;		/* borrowed */
	struct text	  path;
	struct ws_client *ws;		/* NULL: polling */
	struct json_object *pending;	/* came while subscribing */
	int64_t	retry_mono_ns;		/* the WebSocket again */
	int64_t	poll_mono_ns;		/* ask again */
	int64_t	heard_mono_ns;		/* something answered */
	int64_t	seq;			/* of the last snapshot given; -1: none yet */
};

/* The snapshot in a message, or NULL when it holds none (gives). */
static struct json_object *
message_take(struct slice message)
{
	struct json_tokener *tok = json_tokener_new();
	struct json_object *o, *data = NULL;
	const char *type;

	if (tok == NULL)
		return NULL;
	o = json_tokener_parse_ex(tok, message.p, (int)message.len);
	json_tokener_free(tok);
	type = json_text_of(o, "type");
	if (strcmp(type, "crawl_progress") == 0 || strcmp(type, "crawl_completed") == 0)
		(void)json_object_object_get_ex(o, "data", &data);	/* absent: stays NULL */
	data = json_object_is_type(data, json_type_object) ? json_object_get(data) : NULL;
	json_object_put(o);
	return data;
}

static void
subscribe(struct follow *f)
{
	struct slice message;
	struct err e;

	f->retry_mono_ns = clock_mono_ns() + FOLLOW_RETRY_MS * INT64_C(1000000);
	if (ws_client_open(&f->ws, f->ctl, text_str(&f->path), OPEN_MS, &e) < 0) {
		f->ws = NULL;		/* whatever it was: poll */
		return;
	}
	/* The first message says that the subscription stands. */
	if (ws_client_next(f->ws, FIRST_MESSAGE_MS, &message) == 1) {
		json_object_put(f->pending);
		f->pending = message_take(message);
	}
	f->heard_mono_ns = clock_mono_ns();
}

struct follow *
follow_start(const struct ctl *ctl, const char *id)
{
	struct follow *f = calloc(1, sizeof *f);

	if (f == NULL)
		return NULL;
	f->ctl = ctl;
	f->seq = -1;
	f->heard_mono_ns = clock_mono_ns();
	text_puts(&f->path, "/api/crawl-progress/");
	http_escape(&f->path, id);
	if (text_str(&f->path) == NULL) {
		follow_stop(f);
		return NULL;
	}
	subscribe(f);
	return f;
}

void
follow_stop(struct follow *f)
{
	if (f == NULL)
		return;
	ws_client_close(f->ws);
	json_object_put(f->pending);
	text_fini(&f->path);
	free(f);
}

static int
by_socket(struct follow *f, int wait_ms, struct json_object **out)
{
	struct slice message;
	int rc = ws_client_next(f->ws, wait_ms, &message);

	if (rc < 0) {			/* polling takes over at once */
		ws_client_close(f->ws);
		f->ws = NULL;
		f->poll_mono_ns = 0;
		return 0;
	}
	if (rc == 1) {
		f->heard_mono_ns = clock_mono_ns();
		*out = message_take(message);
	}
	return 0;
}

static int
by_polling(struct follow *f, int wait_ms, struct json_object **out, struct err *e)
{
	int64_t now = clock_mono_ns();
	struct http_reply rp;
	const char *body;

	if (now < f->poll_mono_ns) {
		int64_t left_ms = (f->poll_mono_ns - now) / 1000000 + 1;

		(void)poll(NULL, 0, left_ms < wait_ms ? (int)left_ms : wait_ms);	/* a signal ends it early */
		if (clock_mono_ns() < f->poll_mono_ns)
			return 0;
	}
	f->poll_mono_ns = clock_mono_ns() + FOLLOW_POLL_MS * INT64_C(1000000);
	if (http_call(f->ctl, "GET", text_str(&f->path), NULL, &rp, e) == 0) {
		int status = rp.status;

		if (status == HTTP_OK && (body = text_str(&rp.body)) != NULL)
			*out = json_tokener_parse(body);
		text_fini(&rp.body);
		if (status == HTTP_NOT_FOUND)
			return err_set(e, -ENOENT, "there is no crawl %s; `archonctl list --all` shows those there are",
			    strrchr(text_str(&f->path), '/') + 1);
		if (status == HTTP_OK) {
			f->heard_mono_ns = clock_mono_ns();
			return 0;
		}
		(void)err_set(e, 0, "the server answers %d and has done so for %d s", status, FOLLOW_GIVE_UP_MS / 1000);
	}
	if (clock_mono_ns() - f->heard_mono_ns > FOLLOW_GIVE_UP_MS * INT64_C(1000000))
		return -ENOTCONN;
	return 0;
}

int
follow_next(struct follow *f, int wait_ms, struct json_object **out, struct err *e)
{
	struct json_object *o = f->pending;
	int64_t seq;
	int rc = 0;

	f->pending = NULL;
	if (o == NULL && f->ws == NULL && clock_mono_ns() >= f->retry_mono_ns) {
		subscribe(f);
		o = f->pending;
		f->pending = NULL;
	}
	if (o == NULL)
		rc = f->ws != NULL ? by_socket(f, wait_ms, &o) : by_polling(f, wait_ms, &o, e);
	if (rc < 0 || o == NULL)
		return rc;
	seq = json_int_of(o, "seq");
	if (f->seq >= 0 && seq <= f->seq) {
		json_object_put(o);
		return 0;
	}
	f->seq = seq;
	*out = o;
	return 1;
}
