/* list, sources, health: one question, one answer. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/http.h"
#include "ctl/snapshot.h"
#include "shared/json_text.h"

int
cmd_list(const struct ctl *ctl)
{
	struct json_object *o = NULL, *ops;
	int rc = http_json(ctl, "GET", ctl->opt.all ? "/api/crawl-progress?all=1" : "/api/crawl-progress", NULL, &o);
	size_t n;

	if (rc != CTL_DONE)
		return rc;
	if (ctl->opt.json)
		return json_print(o);
	n = json_array_of(o, "operations", &ops);
	if (n == 0)
		puts(ctl->opt.all ? "no crawls" : "no crawls under way; --all shows the ended ones");
	for (size_t i = 0; i < n; i++) {
		struct snapshot s;
		char url[300];

		snapshot_read(&s, json_object_array_get_idx(ops, i));
		printable(url, sizeof url, s.url);
		printf("%-36.36s  %-10.10s %3lld%%  %6lld/%-6lld  %.19s  %s\n", s.id, s.status, (long long)s.percentage,
		    (long long)s.processed, (long long)s.total, s.started, url);
	}
	json_object_put(o);
	return CTL_DONE;
}

int
cmd_sources(const struct ctl *ctl)
{
	struct json_object *o = NULL, *items;
	int rc = http_json(ctl, "GET", "/api/knowledge-items?per_page=200", NULL, &o);
	size_t n;

	if (rc != CTL_DONE)
		return rc;
	if (ctl->opt.json)
		return json_print(o);
	n = json_array_of(o, "items", &items);
	if (n == 0)
		puts("nothing has been crawled yet; start with `archonctl crawl URL`");
	for (size_t i = 0; i < n; i++) {
		struct json_object *item = json_object_array_get_idx(items, i), *meta = NULL;
		char title[100], url[300];

		(void)json_object_object_get_ex(item, "metadata", &meta);	/* absent: zeros are shown */
		printable(title, sizeof title, json_text_of(item, "title"));
		printable(url, sizeof url, json_text_of(item, "url"));
		printf("%-16.16s  %-8.8s %6lld pages %7lld chunks  %s  %s\n", json_text_of(item, "source_id"),
		    json_text_of(meta, "status"), (long long)json_int_of(meta, "pages_count"),
		    (long long)json_int_of(meta, "chunks_count"), title, url);
	}
	json_object_put(o);
	return CTL_DONE;
}

int
cmd_health(const struct ctl *ctl)
{
	struct json_object *o = NULL, *parts = NULL, *problems = NULL;
	struct http_reply rp;
	struct err e;
	const char *body;
	int rc;

	if (http_call(ctl, "GET", "/health", NULL, &rp, &e) < 0) {
		fprintf(stderr, "archonctl: %s\n", e.text);
		return CTL_UNREACHABLE;
	}
	/* An unhealthy one answers 503, with the same object. */
	body = text_str(&rp.body);
	o = body != NULL ? json_tokener_parse(body) : NULL;
	if (json_text_of(o, "status")[0] == '\0') {
		rc = http_complain(&rp);
		goto done;
	}
	rc = strcmp(json_text_of(o, "status"), "healthy") == 0 ? CTL_DONE : CTL_FAILED;
	if (ctl->opt.json) {
		puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
		goto done;
	}
	printf("%s: %s %s\n", json_text_of(o, "status"), json_text_of(o, "service"), json_text_of(o, "version"));
	if (json_object_object_get_ex(o, "parts", &parts) && json_object_is_type(parts, json_type_object)) {
		json_object_object_foreach(parts, name, part)
			printf("  %-8s %s\n", name, json_object_is_type(part, json_type_string) ?
			    json_object_get_string(part) : json_object_to_json_string_ext(part, JSON_C_TO_STRING_PLAIN));
	}
	if (json_object_object_get_ex(o, "problems", &problems) && json_object_is_type(problems, json_type_array))
		for (size_t i = 0; i < json_object_array_length(problems); i++)
			printf("%s: %s\n", json_text_of(json_object_array_get_idx(problems, i), "part"),
			    json_text_of(json_object_array_get_idx(problems, i), "error"));
done:
	json_object_put(o);
	text_fini(&rp.body);
	return rc;
}
