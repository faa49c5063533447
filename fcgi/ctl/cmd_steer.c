/* pause, resume, retry, refresh, failures: one request about a crawl or a source. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/http.h"
#include "ctl/snapshot.h"

static int
ask_and_say(const struct ctl *ctl, const char *before, const char *after, const char *key)
{
	struct json_object *o = NULL;
	int rc = http_ask(ctl, "POST", before, after, NULL, &o);
	char said[200];

	if (rc != CTL_DONE || ctl->opt.json)
		return rc != CTL_DONE ? rc : json_print(o);
	printable(said, sizeof said, json_text_of(o, key));
	puts(said);
	json_object_put(o);
	return CTL_DONE;
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
	int rc = http_ask(ctl, "GET", "crawl-progress", "/failures?per_page=1000", NULL, &o);
	size_t n;

	if (rc != CTL_DONE)
		return rc;
	if (ctl->opt.json)
		return json_print(o);
	n = json_array_of(o, "failures", &list);
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
