/* crawl, watch, stop: the commands that are about one crawl. */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/bar.h"
#include "ctl/ctl.h"
#include "ctl/follow.h"
#include "ctl/http.h"
#include "ctl/snapshot.h"
#include "shared/ids.h"
#include "shared/json_text.h"

enum { WAIT_MS = 1000 };

static volatile sig_atomic_t interrupts;	/* how often Ctrl-C came */

static void
on_interrupt(int sig)
{
	(void)sig;
	interrupts++;
}

static void
catch_interrupts(void)
{
	struct sigaction sa = { .sa_handler = on_interrupt };	/* no SA_RESTART: waits end */

	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

static int
ask_stop(const struct ctl *ctl, const char *id)
{
	struct json_object *o = NULL;
	struct text path = { 0 };
	int rc = CTL_FAILED;

	text_puts(&path, "/api/knowledge-items/stop/");
	http_escape(&path, id);
	if (text_str(&path) != NULL)
		rc = http_json(ctl, "POST", text_str(&path), NULL, &o);
	json_object_put(o);
	text_fini(&path);
	return rc;
}

/* -- following ------------------------------------------------------------------ */

static int
outcome(const struct snapshot *s)
{
	if (strcmp(s->status, "completed") == 0)
		return CTL_DONE;
	return strcmp(s->status, "cancelled") == 0 ? CTL_CANCELLED : CTL_FAILED;
}

static int
show_end(const struct ctl *ctl, struct bar *bar, const struct snapshot *s)
{
	if (!ctl->opt.json)
		bar_totals(bar, s);
	if (s->error[0] != '\0') {
		char error[400];

		printable(error, sizeof error, s->error);
		fprintf(stderr, "archonctl: %s\n", error);
	}
	return outcome(s);
}

static void
show(const struct ctl *ctl, struct bar *bar, struct json_object *o, const struct snapshot *s)
{
	if (!ctl->opt.json) {
		bar_show(bar, s);
		return;
	}
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	fflush(stdout);
}

/* Show snapshots up to the end.  may_cancel: the first Ctrl-C cancels, the next leaves. */
static int
follow_to_end(const struct ctl *ctl, struct follow *f, const char *id, bool may_cancel)
{
	struct bar bar = { .tty = ctl->tty };
	struct json_object *o = NULL;
	struct snapshot s;
	struct err e;
	bool asked = false;
	int rc, status;

	for (;;) {
		if (interrupts > (may_cancel ? 1 : 0)) {
			bar_clear(&bar);
			fprintf(stderr, "archonctl: left; `archonctl watch %s` looks again\n", id);
			return CTL_LEFT;
		}
		if (interrupts == 1 && !asked) {
			asked = true;
			bar_clear(&bar);
			fputs("archonctl: cancelling; Ctrl-C again leaves without waiting\n", stderr);
			(void)ask_stop(ctl, id);	/* it said why; the crawl may also just have ended */
		}
		rc = follow_next(f, WAIT_MS, &o, &e);
		if (rc < 0) {
			bar_clear(&bar);
			fprintf(stderr, "archonctl: %s\n", e.text);
			return rc == -ENOENT ? CTL_FAILED : CTL_UNREACHABLE;
		}
		if (rc == 0)
			continue;
		snapshot_read(&s, o);
		show(ctl, &bar, o, &s);
		if (s.terminal) {
			status = show_end(ctl, &bar, &s);
			json_object_put(o);
			return status;
		}
		json_object_put(o);
	}
}

int
crawl_follow(const struct ctl *ctl, struct follow *f, const char *id)
{
	catch_interrupts();
	return follow_to_end(ctl, f, id, true);
}

/* -- crawl ---------------------------------------------------------------------- */

void
put_list(struct text *t, const char *key, const struct options_list *l)
{
	if (l->n == 0)
		return;
	if (key != NULL)
		json_key(t, key);
	json_open(t, '[');
	for (unsigned i = 0; i < l->n; i++)
		if (l->item[i][0] != '\0')
			json_string(t, l->item[i], strlen(l->item[i]));
	json_close(t, ']');
}

static void
put_request(struct text *t, const struct options *o, const char *id)
{
	json_open(t, '{');
	json_kstr(t, "url", o->word);
	json_kstr(t, "progress_id", id);
	if (o->type != NULL)
		json_kstr(t, "knowledge_type", o->type);
	if (o->depth >= 0)
		json_kint(t, "max_depth", o->depth);
	if (o->max_pages >= 0)
		json_kint(t, "max_pages", o->max_pages);
	if (o->concurrency >= 0)
		json_kint(t, "max_concurrent", o->concurrency);
	put_list(t, "tags", &o->tags);
	put_list(t, "include", &o->include);
	put_list(t, "exclude", &o->exclude);
	json_close(t, '}');
}

int
cmd_crawl(const struct ctl *ctl)
{
	struct text body = { 0 };
	struct json_object *o = NULL;
	struct follow *f = NULL;
	char id[ID_UUID_BYTES];
	int rc = CTL_FAILED;

	id_uuid(id);
	catch_interrupts();
	put_request(&body, &ctl->opt, id);
	if (text_str(&body) == NULL)
		goto done;
	/* Subscribed first, so that not even a crawl of one page is missed. */
	if (!ctl->opt.detach && (f = follow_start(ctl, id)) == NULL)
		goto done;
	rc = http_json(ctl, "POST", "/api/knowledge-items/crawl", text_str(&body), &o);
	if (rc != CTL_DONE)
		goto done;
	if (!ctl->opt.detach)
		rc = crawl_follow(ctl, f, id);
	else if (ctl->opt.json)
		puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	else
		puts(id);
done:
	json_object_put(o);
	follow_stop(f);
	text_fini(&body);
	return rc;
}

int
cmd_watch(const struct ctl *ctl)
{
	const char *id = ctl->opt.word;
	struct text path = { 0 };
	struct json_object *o = NULL;
	struct follow *f;
	int rc;

	if (ctl->opt.raw)
		return watch_raw(ctl);
	if (!id_is_topic(id, strlen(id))) {
		fprintf(stderr, "archonctl: '%s' cannot be the id of a crawl\n", id);
		return CTL_USAGE;
	}
	/* The relay would wait for an id that is mistyped; the API knows. */
	text_puts(&path, "/api/crawl-progress/");
	http_escape(&path, id);
	rc = text_str(&path) != NULL ? http_json(ctl, "GET", text_str(&path), NULL, &o) : CTL_FAILED;
	json_object_put(o);
	text_fini(&path);
	if (rc != CTL_DONE)
		return rc;
	catch_interrupts();
	if ((f = follow_start(ctl, id)) == NULL)
		return CTL_FAILED;
	rc = follow_to_end(ctl, f, id, false);
	follow_stop(f);
	return rc;
}

int
cmd_stop(const struct ctl *ctl)
{
	int rc = ask_stop(ctl, ctl->opt.word);

	if (rc == CTL_DONE && !ctl->opt.json)
		puts("cancelling");
	return rc;
}
