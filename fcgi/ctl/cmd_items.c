/* show, edit, delete: one source. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/http.h"
#include "ctl/snapshot.h"
#include "shared/json_text.h"

static void
print_line(const char *name, const char *value)
{
	char shown[600];

	printable(shown, sizeof shown, value);
	if (shown[0] != '\0')
		printf("%-12s %s\n", name, shown);
}

static void
print_tags(struct json_object *meta)
{
	struct json_object *tags;
	size_t n = json_array_of(meta, "tags", &tags);

	for (size_t i = 0; i < n; i++)
		print_line(i == 0 ? "tags" : "", json_object_get_string(json_object_array_get_idx(tags, i)));
}

static void
print_item(struct json_object *o)
{
	struct json_object *meta = NULL;
	char bytes[24];

	(void)json_object_object_get_ex(o, "metadata", &meta);	/* absent: zeros are shown */
	people_bytes(bytes, json_int_of(meta, "size_bytes"));
	print_line("source", json_text_of(o, "source_id"));
	print_line("title", json_text_of(o, "title"));
	print_line("url", json_text_of(o, "url"));
	print_line("description", json_text_of(meta, "description"));
	print_line("status", json_text_of(meta, "status"));
	print_line("type", json_text_of(meta, "knowledge_type"));
	print_tags(meta);
	printf("%-12s %lld pages, %lld chunks, %lld code examples, %lld words, %s\n", "holds",
	    (long long)json_int_of(meta, "pages_count"), (long long)json_int_of(meta, "chunks_count"),
	    (long long)json_int_of(meta, "code_examples_count"), (long long)json_int_of(meta, "word_count"), bytes);
	print_line("crawled", json_text_of(meta, "last_scraped"));
	print_line("again", json_text_of(meta, "next_refresh"));
}

int
cmd_show(const struct ctl *ctl)
{
	struct json_object *o = NULL;
	int rc = http_ask(ctl, "GET", "knowledge-items", "", NULL, &o);

	if (rc != CTL_DONE)
		return rc;
	if (ctl->opt.json)
		return json_print(o);
	print_item(o);
	json_object_put(o);
	return CTL_DONE;
}

int
cmd_edit(const struct ctl *ctl)
{
	const struct options *opt = &ctl->opt;
	struct json_object *o = NULL;
	struct text body = { 0 };
	int rc = CTL_FAILED;

	if (opt->title == NULL && opt->description == NULL && opt->type == NULL && opt->tags.n == 0 && opt->every < 0) {
		fputs("archonctl: edit what?  --title, --description, --tag, --type and --every are there\n", stderr);
		return CTL_USAGE;
	}
	json_open(&body, '{');
	if (opt->title != NULL)
		json_kstr(&body, "title", opt->title);
	if (opt->description != NULL)
		json_kstr(&body, "description", opt->description);
	if (opt->type != NULL)
		json_kstr(&body, "knowledge_type", opt->type);
	if (opt->every >= 0)
		json_kint(&body, "update_frequency", opt->every);
	put_list(&body, "tags", &opt->tags);
	json_close(&body, '}');
	if (text_str(&body) != NULL)
		rc = http_ask(ctl, "PUT", "knowledge-items", "", text_str(&body), &o);
	text_fini(&body);
	if (rc != CTL_DONE)
		return rc;
	if (opt->json)
		return json_print(o);
	print_item(o);
	json_object_put(o);
	return CTL_DONE;
}

int
cmd_delete(const struct ctl *ctl)
{
	struct json_object *o = NULL;
	int rc = http_ask(ctl, "DELETE", "knowledge-items", "", NULL, &o);

	if (rc != CTL_DONE)
		return rc;
	if (ctl->opt.json)
		return json_print(o);
	puts("deleted; its space is freed in the background");
	json_object_put(o);
	return CTL_DONE;
}
