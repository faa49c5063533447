/* pause, resume, retry, refresh, failures: one request about a crawl or a source. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/http.h"
#include "ctl/snapshot.h"
#include "shared/text.h"

/* method /api/BEFORE/WORD/AFTER, the word escaped. */
static int
ask(const struct ctl *ctl, const char *method, const char *before, const char *after, struct json_object **out)
{
	struct text path = { 0 };
	int rc = CTL_FAILED;

	text_printf(&path, "/api/%s/", before);
	http_escape(&path, ctl->opt.word);
	text_puts(&path, after);
	if (text_str(&path) != NULL)
		rc = http_json(ctl, method, text_str(&path), NULL, out);
	text_fini(&path);
	return rc;
}

static int
ask_and_say(const struct ctl *ctl, const char *before, const char *after, const char *key)
{
	struct json_object *o = NULL;
	int rc = ask(ctl, "POST", before, after, &o);
	char said[200];

	if (rc == CTL_DONE && ctl->opt.json)
		puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	else if (rc == CTL_DONE) {
		printable(said, sizeof said, json_text_of(o, key));
		puts(said);
	}
	json_object_put(o);
	return rc;
}

int
cmd_pause(const struct ctl *ctl)
{
	return ask_and_say(ctl, "crawl-progress", "/pause", "message");
}

int
cmd_resume(const struct ctl *ctl)
{
	return ask_and_say(ctl, "crawl-progress", "/resume", "message");
}

int
cmd_retry(const struct ctl *ctl)
{
	return ask_and_say(ctl, "crawl-progress", "/retry", "progressId");
}

int
cmd_refresh(const struct ctl *ctl)
{
	return ask_and_say(ctl, "knowledge-items", "/refresh", "progressId");
}

int
cmd_failures(const struct ctl *ctl)
{
	struct json_object *o = NULL, *list = NULL;
	int rc = ask(ctl, "GET", "crawl-progress", "/failures?per_page=1000", &o);
	size_t n;

	if (rc != CTL_DONE)
		return rc;
	if (ctl->opt.json) {
		puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(o);
		return CTL_DONE;
	}
	n = json_object_object_get_ex(o, "failures", &list) && json_object_is_type(list, json_type_array) ?
	    json_object_array_length(list) : 0;
	for (size_t i = 0; i < n; i++) {
		struct json_object *f = json_object_array_get_idx(list, i);
		char url[2048], reason[400];

		printable(url, sizeof url, json_text_of(f, "url"));
		printable(reason, sizeof reason, json_text_of(f, "reason"));
		printf("%s\n    %s\n", url, reason);
	}
	if (json_int_of(o, "total") > (int64_t)n)
		printf("and %lld more\n", (long long)(json_int_of(o, "total") - (int64_t)n));
	if (n == 0)
		puts("nothing failed");
	json_object_put(o);
	return CTL_DONE;
}
