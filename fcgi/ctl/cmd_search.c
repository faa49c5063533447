/* search: the pages, or with --code the code examples, that answer best. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/http.h"
#include "ctl/snapshot.h"
#include "shared/json_text.h"
#include "shared/text.h"

enum {
	SNIPPET_HTML_BYTES = 4096,	/* far more than a snippet has */
	CODE_LINES = 12,		/* of an example */
};

struct style {
	const char *bold, *mark, *plain;
};

static void
put_question(struct text *t, const struct options *o)
{
	json_open(t, '{');
	json_kstr(t, "query", o->word);
	if (o->source != NULL)
		json_kstr(t, o->code ? "source_id" : "source", o->source);
	if (o->type != NULL)
		json_kstr(t, "knowledge_type", o->type);
	put_list(t, "tags", &o->tags);
	if (o->limit >= 0)
		json_kint(t, "match_count", o->limit);
	json_close(t, '}');
}

/* A snippet is text in HTML with <mark> around what was asked for; see rag/query in the API's description. */
static void
print_snippet(const char *html, const struct style *style)
{
	const struct {
		const char *html, *shown;
	} pieces[] = {
		{ "<mark>", style->mark }, { "</mark>", style->plain },
		{ "&lt;", "<" }, { "&gt;", ">" }, { "&quot;", "\"" }, { "&amp;", "&" },
	};

	fputs("   ", stdout);
	while (*html != '\0') {
		size_t i = 0, n = sizeof pieces / sizeof pieces[0];

		while (i < n && strncmp(html, pieces[i].html, strlen(pieces[i].html)) != 0)
			i++;
		if (i < n) {
			fputs(pieces[i].shown, stdout);
			html += strlen(pieces[i].html);
		} else {
			putchar(*html++);
		}
	}
	printf("%s\n", style->plain);
}

/* Its first lines. */
static void
print_code(const char *code)
{
	char line[200];
	unsigned n = 0;

	for (; *code != '\0' && n < CODE_LINES; n++) {
		size_t len = strcspn(code, "\n");

		(void)snprintf(line, sizeof line, "%.*s", (int)utf8_cut(code, len, sizeof line - 1), code);
		printable(line, sizeof line, line);
		printf("   | %s\n", line);
		code += len + (code[len] == '\n');
	}
	if (*code != '\0')
		puts("   | ...");
}

static void
print_hit(const struct ctl *ctl, size_t i, struct json_object *hit)
{
	const struct style style = ctl->tty ? (struct style){ "\033[1m", "\033[1;4m", "\033[0m" } : (struct style){ "", "", "" };
	struct json_object *score = NULL, *meta = NULL;
	char title[160], headings[200], url[300], snippet[SNIPPET_HTML_BYTES];

	(void)json_object_object_get_ex(hit, "score", &score);	/* absent: 0 */
	(void)json_object_object_get_ex(hit, "metadata", &meta);
	printable(title, sizeof title, json_text_of(hit, "title"));
	printable(headings, sizeof headings, ctl->opt.code ? json_text_of(meta, "heading") : json_text_of(hit, "headers"));
	printable(url, sizeof url, json_text_of(hit, "url"));
	printable(snippet, sizeof snippet, json_text_of(hit, "snippet"));
	printf("%s%zu. %s%s  (%.2f)\n   %s\n", style.bold, i + 1, title, style.plain, json_object_get_double(score), url);
	if (headings[0] != '\0')
		printf("   %s\n", headings);
	if (ctl->opt.code)
		print_code(json_text_of(hit, "code"));
	else
		print_snippet(snippet, &style);
	putchar('\n');
}

int
cmd_search(const struct ctl *ctl)
{
	struct json_object *o = NULL, *hits;
	struct text body = { 0 };
	int rc = CTL_FAILED;
	size_t n;

	put_question(&body, &ctl->opt);
	if (text_str(&body) != NULL)
		rc = http_json(ctl, "POST", ctl->opt.code ? "/api/rag/code-examples" : "/api/rag/query", text_str(&body), &o);
	text_fini(&body);
	if (rc != CTL_DONE)
		return rc;
	if (ctl->opt.json)
		return json_print(o);
	n = json_array_of(o, "results", &hits);
	if (n == 0)
		puts("nothing found");
	for (size_t i = 0; i < n; i++)
		print_hit(ctl, i, json_object_array_get_idx(hits, i));
	json_object_put(o);
	return CTL_DONE;
}
