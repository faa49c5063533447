/* logs, logs push: the log in the table, read and fed over HTTP. */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/json_text.h"

#include "ctl/ctl.h"
#include "ctl/http.h"
#include "ctl/log_feed.h"
#include "ctl/log_line.h"
#include "ctl/snapshot.h"
#include "ctl/ws_client.h"

enum { OPEN_MS = 5000, WAIT_MS = 1000, POLL_MS = 1000, RETRY_MS = 3000, GIVE_UP_MS = 30000, REPLAY = 50, FLUSH_MS = 10000 };

static const char cleared[] = "Logs cleared";

/* -- showing ------------------------------------------------------------------------- */

static void
show(const struct ctl *ctl, struct json_object *o)
{
	char message[4096], logger[64];

	if (ctl->opt.json) {
		puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
		return;
	}
	printable(message, sizeof message, json_text_of(o, "message"));
	printable(logger, sizeof logger, json_text_of(o, "logger"));
	printf("%s %-8s %s: %s\n", json_text_of(o, "timestamp"), json_text_of(o, "level"), logger, message);
}

static void
show_gap(const struct ctl *ctl, int64_t missed)
{
	if (ctl->opt.json)
		printf("{\"type\":\"gap\",\"missed\":%lld}\n", (long long)missed);
	else
		fprintf(stderr, "-- %lld entries are missing here: the log went on faster --\n", (long long)missed);
}

/* path?limit=..&since=..&level=.. ; limit and since below 0: left out */
static const char *
path_of(struct text *t, const struct ctl *ctl, const char *path, long limit, int64_t since)	/* borrowed from t */
{
	char sep = '?';

	text_clear(t);
	text_puts(t, path);
	if (limit >= 0) {
		text_printf(t, "%climit=%ld", sep, limit);
		sep = '&';
	}
	if (since >= 0) {
		text_printf(t, "%csince=%lld", sep, (long long)since);
		sep = '&';
	}
	if (ctl->opt.level != NULL) {
		text_printf(t, "%clevel=", sep);
		http_escape(t, ctl->opt.level);
	}
	return text_str(t);
}

/* -- following ------------------------------------------------------------------------- */

struct tail {
	const struct ctl *ctl;
	struct text	  path;
	struct ws_client *ws;		/* NULL: polling */
	int64_t seq;			/* of the last entry shown; -1: none */
	int64_t retry_mono_ns, poll_mono_ns, heard_mono_ns;
	bool	heard;			/* something has ever answered */
};

static void
take_entry(struct tail *tl, struct json_object *o)
{
	tl->seq = json_int_of(o, "seq");
	show(tl->ctl, o);
}

static void
take_message(struct tail *tl, struct slice message)
{
	struct json_tokener *tok = json_tokener_new();
	struct json_object *o;
	const char *type;

	if (tok == NULL)
		return;
	o = json_tokener_parse_ex(tok, message.p, (int)message.len);
	json_tokener_free(tok);
	type = json_text_of(o, "type");
	if (strcmp(type, "gap") == 0)
		show_gap(tl->ctl, json_int_of(o, "missed"));
	else if (type[0] == '\0' && json_text_of(o, "message")[0] != '\0')	/* entries have no envelope */
		take_entry(tl, o);
	json_object_put(o);
}

static void
heard(struct tail *tl)
{
	tl->heard_mono_ns = clock_mono_ns();
	tl->heard = true;
}

static void
open_socket(struct tail *tl)
{
	const char *path = path_of(&tl->path, tl->ctl, "/api/mcp/logs/stream", -1, tl->seq);
	struct err e;

	tl->retry_mono_ns = clock_mono_ns() + RETRY_MS * INT64_C(1000000);
	if (path == NULL || ws_client_open(&tl->ws, tl->ctl, path, OPEN_MS, &e) < 0)
		tl->ws = NULL;		/* whatever it was: poll */
	else
		heard(tl);
}

static void
by_socket(struct tail *tl)
{
	struct slice message;
	int rc = ws_client_next(tl->ws, WAIT_MS, &message);

	if (rc < 0) {			/* polling takes over at once */
		ws_client_close(tl->ws);
		tl->ws = NULL;
		tl->poll_mono_ns = 0;
	} else {
		heard(tl);		/* the socket stands: the relay pings, and the kernel would tell */
		if (rc == 1)
			take_message(tl, message);
	}
}

/* CTL_DONE, or how the program ends. */
static int
by_polling(struct tail *tl)
{
	int64_t since = tl->seq, left_ns = tl->poll_mono_ns - clock_mono_ns();
	struct json_object *list;
	struct http_reply rp;
	struct err e;
	const char *path;
	int rc;

	if (left_ns > 0)
		(void)poll(NULL, 0, (int)(left_ns / 1000000) + 1);
	tl->poll_mono_ns = clock_mono_ns() + POLL_MS * INT64_C(1000000);
	path = path_of(&tl->path, tl->ctl, "/api/mcp/logs", since >= 0 ? 0 : REPLAY, since);
	if (path == NULL)
		return CTL_FAILED;
	if (http_call(tl->ctl, "GET", path, NULL, &rp, &e) < 0) {
		if (tl->heard && clock_mono_ns() - tl->heard_mono_ns < GIVE_UP_MS * INT64_C(1000000))
			return CTL_DONE;
		fprintf(stderr, "archonctl: %s\n", e.text);
		return CTL_UNREACHABLE;
	}
	if (rp.status != 200) {
		rc = rp.status >= 500 && tl->heard ? CTL_DONE : http_complain(&rp);
		text_fini(&rp.body);
		return rc;
	}
	heard(tl);
	list = text_str(&rp.body) != NULL ? json_tokener_parse(text_str(&rp.body)) : NULL;
	text_fini(&rp.body);
	for (size_t i = 0; json_object_is_type(list, json_type_array) && i < json_object_array_length(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);
		int64_t seq = json_int_of(o, "seq");

		if (i == 0 && since >= 0 && seq > since + 1 && tl->ctl->opt.level == NULL
		    && strcmp(json_text_of(o, "message"), cleared) != 0)
			show_gap(tl->ctl, seq - since - 1);
		take_entry(tl, o);
	}
	json_object_put(list);
	return CTL_DONE;
}

static int
follow(const struct ctl *ctl)
{
	struct tail tl = { .ctl = ctl, .seq = ctl->opt.since };
	int rc = CTL_DONE;

	while (rc == CTL_DONE) {
		if (tl.ws == NULL && clock_mono_ns() >= tl.retry_mono_ns)
			open_socket(&tl);
		if (tl.ws != NULL)
			by_socket(&tl);
		else
			rc = by_polling(&tl);
		if (fflush(stdout) != 0)
			rc = CTL_FAILED;
	}
	ws_client_close(tl.ws);
	text_fini(&tl.path);
	return rc;
}

int
cmd_logs(const struct ctl *ctl)
{
	const struct options *o = &ctl->opt;
	struct json_object *list = NULL;
	struct text path = { 0 };
	enum ring_level level;
	const char *p;
	int rc;

	if (o->level != NULL && !ring_level_parse(slice_of(o->level), &level)) {
		fprintf(stderr, "archonctl: --level takes DEBUG, INFO, WARNING, ERROR or CRITICAL, not '%s'\n", o->level);
		return CTL_USAGE;
	}
	if (o->follow)
		return follow(ctl);
	p = path_of(&path, ctl, "/api/mcp/logs", o->since >= 0 && o->limit < 0 ? 0 : o->limit, o->since);
	rc = p != NULL ? http_json(ctl, "GET", p, NULL, &list) : CTL_FAILED;
	text_fini(&path);
	if (rc != CTL_DONE)
		return rc;
	for (size_t i = 0; json_object_is_type(list, json_type_array) && i < json_object_array_length(list); i++)
		show(ctl, json_object_array_get_idx(list, i));
	json_object_put(list);
	return CTL_DONE;
}

/* -- push -------------------------------------------------------------------------------- */

static int
push_lines(const struct ctl *ctl, const char *logger, const enum ring_level *fixed)
{
	struct log_feed *f = log_feed_start(ctl, logger);
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	unsigned long lost;

	if (f == NULL)
		return CTL_FAILED;
	while ((n = getline(&line, &room, stdin)) >= 0) {
		enum ring_level level;
		struct slice message;

		if (log_line_read(line, (size_t)n, false, &level, &message))
			log_feed_put(f, fixed != NULL ? *fixed : level, message);
	}
	free(line);
	if ((lost = log_feed_stop(f, FLUSH_MS)) == 0)
		return CTL_DONE;
	fprintf(stderr, "archonctl: %lu lines were lost; is archon running?\n", lost);
	return CTL_FAILED;
}

int
cmd_logs_push(const struct ctl *ctl)
{
	const char *logger = ctl->opt.logger != NULL ? ctl->opt.logger : "archonctl";
	enum ring_level level = RING_INFO;
	struct json_object *reply = NULL;
	struct text body = { 0 };
	int rc = CTL_FAILED;

	if (ctl->opt.level != NULL && !ring_level_parse(slice_of(ctl->opt.level), &level)) {
		fprintf(stderr, "archonctl: --level takes DEBUG, INFO, WARNING, ERROR or CRITICAL, not '%s'\n", ctl->opt.level);
		return CTL_USAGE;
	}
	if (strcmp(ctl->opt.word, "-") == 0)
		return push_lines(ctl, logger, ctl->opt.level != NULL ? &level : NULL);
	json_open(&body, '{');
	json_kstr(&body, "message", ctl->opt.word);
	json_kstr(&body, "level", ring_level_word(level));
	json_kstr(&body, "logger", logger);
	json_close(&body, '}');
	if (text_str(&body) != NULL)
		rc = http_json(ctl, "POST", "/api/mcp/logs", text_str(&body), &reply);
	if (rc == CTL_DONE && ctl->opt.json)
		puts(json_object_to_json_string_ext(reply, JSON_C_TO_STRING_PLAIN));
	json_object_put(reply);
	text_fini(&body);
	return rc;
}
