/* Calling a tool: which one, with what, and what is made of its answer. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/json_text.h"

#include "mcp/mcp.h"

static tool_f *const run[] = {
	[MCP_PERFORM_RAG_QUERY] = tool_rag_query,
	[MCP_SEARCH_CODE_EXAMPLES] = tool_code_examples,
	[MCP_GET_AVAILABLE_SOURCES] = tool_sources,
	[MCP_CRAWL_SINGLE_PAGE] = tool_crawl_page,
	[MCP_SMART_CRAWL_URL] = tool_crawl_site,
	[MCP_GET_CRAWL_PROGRESS] = tool_progress,
	[MCP_DELETE_SOURCE] = tool_delete,
	[MCP_UPLOAD_DOCUMENT] = tool_upload,
};
_Static_assert(sizeof run / sizeof run[0] == MCP_N_TOOLS, "every tool has its function");

/* -- what a tool has to say ------------------------------------------------------- */

void
tool_gist(struct tool_out *out, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(out->gist, sizeof out->gist, fmt, ap);	/* cut: for a line of a log */
	va_end(ap);
}

void
tool_failed(struct tool_out *out, const char *fmt, ...)
{
	char sentence[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(sentence, sizeof sentence, fmt, ap);	/* cut: a sentence */
	va_end(ap);
	text_clear(&out->said);
	text_clear(&out->data);
	text_puts(&out->said, sentence);
	tool_gist(out, "%s", sentence);
	out->is_error = true;
}

void
tool_refused(struct tool_out *out, const struct refusal *why)
{
	tool_failed(out, "%s.", why->sentence);
}

void
tool_result_put(struct text *t, enum mcp_version version, const struct tool_out *out)
{
	json_open(t, '{');
	json_key(t, "content");
	json_open(t, '[');
	json_open(t, '{');
	json_kstr(t, "type", "text");
	json_key(t, "text");
	json_string(t, out->said.len > 0 ? out->said.p : "", out->said.len);
	json_close(t, '}');
	json_close(t, ']');
	if (version >= MCP_2025_06_18 && out->data.len > 0) {
		json_key(t, "structuredContent");
		json_raw(t, out->data.p, out->data.len);
	}
	json_kbool(t, "isError", out->is_error);
	json_close(t, '}');
	t->failed |= out->said.failed || out->data.failed;
}

void
tool_out_fini(struct tool_out *out)
{
	text_fini(&out->said);
	text_fini(&out->data);
}

/* -- arguments ---------------------------------------------------------------------- */

static bool
number_read(const struct mcp_arg *about, struct json_object *v, int64_t *out, struct tool_out *said)
{
	int64_t n = json_object_get_int64(v);		/* clamped when it does not fit */

	/* Some models write whole numbers as 5.0. */
	if (json_object_is_type(v, json_type_double) && json_object_get_double(v) != (double)n)
		n = about->min - 1;
	else if (!json_object_is_type(v, json_type_int) && !json_object_is_type(v, json_type_double))
		n = about->min - 1;
	if (n < about->min || n > about->max) {
		tool_failed(said, "%s must be a whole number from %lld to %lld.", about->name, (long long)about->min,
		    (long long)about->max);
		return false;
	}
	*out = n;
	return true;
}

static bool
text_read(const struct mcp_arg *about, struct json_object *v, const char **out, struct tool_out *said)
{
	const char *s = json_object_get_string(v);
	size_t len;

	if (!json_object_is_type(v, json_type_string)) {
		tool_failed(said, "%s must be a text.", about->name);
		return false;
	}
	len = (size_t)json_object_get_string_len(v);
	if (strlen(s) != len || len > (size_t)about->max) {
		tool_failed(said, "%s must be a text of at most %lld bytes, without NUL.", about->name, (long long)about->max);
		return false;
	}
	if (about->required && s[strspn(s, " \t\r\n")] == '\0') {
		tool_failed(said, "%s must not be empty.", about->name);
		return false;
	}
	*out = s;
	return true;
}

static bool
arg_read(const struct mcp_arg *about, struct json_object *v, struct tool_args *a, unsigned i, struct tool_out *said)
{
	switch (about->kind) {
	case MCP_ARG_NUMBER:
		return number_read(about, v, &a->v[i].number, said);
	case MCP_ARG_TEXT:
		return text_read(about, v, &a->v[i].text, said);
	default:			/* crawl_params.h knows what a tag may be */
		if (json_object_is_type(v, json_type_array))
			return true;
		tool_failed(said, "%s must be an array of texts.", about->name);
		return false;
	}
}

/* Unknown members are ignored, as everywhere; null is the same as nothing. */
static bool
args_read(const struct mcp_tool_about *tool, struct json_object *o, struct tool_args *a, struct tool_out *said)
{
	for (unsigned i = 0; i < MCP_ARGS_MAX && tool->args[i].name != NULL; i++) {
		const struct mcp_arg *about = &tool->args[i];
		struct json_object *v = NULL;

		a->v[i].given = o != NULL && json_object_object_get_ex(o, about->name, &v) && v != NULL;
		a->v[i].value = v;
		a->v[i].number = about->initial;
		a->v[i].text = "";
		if (!a->v[i].given && about->required) {
			tool_failed(said, "%s is missing: %s.", about->name, about->what);
			return false;
		}
		if (!a->v[i].given)
			continue;
		if (!arg_read(about, v, a, i, said))
			return false;
	}
	return true;
}

/* -- tools/call ----------------------------------------------------------------------- */

/* Does the client want to hear of progress, and can it?  Its token, borrowed, or NULL. */
static struct json_object *
token_of(const struct call *c, const struct rpc_message *m)
{
	struct json_object *meta, *token;

	if (!c->may_stream || !json_object_object_get_ex(m->params, "_meta", &meta)
	    || !json_object_is_type(meta, json_type_object) || !json_object_object_get_ex(meta, "progressToken", &token))
		return NULL;
	return json_object_is_type(token, json_type_string) || json_object_is_type(token, json_type_int) ? token : NULL;
}

static bool
called(const struct rpc_message *m, enum mcp_tool *tool, struct json_object **args, struct text *out)
{
	struct json_object *name;

	*args = NULL;
	if (m->params == NULL || !json_object_object_get_ex(m->params, "name", &name)
	    || !json_object_is_type(name, json_type_string)) {
		rpc_error(out, m->id, RPC_INVALID_PARAMS, "name is missing: the tool to call");
		return false;
	}
	if (!mcp_tool_find((struct slice){ json_object_get_string(name), (size_t)json_object_get_string_len(name) }, tool)) {
		rpc_error(out, m->id, RPC_INVALID_PARAMS, "Unknown tool: %.100s; tools/list names them",
		    json_object_get_string(name));
		return false;
	}
	if (json_object_object_get_ex(m->params, "arguments", args) && *args != NULL
	    && !json_object_is_type(*args, json_type_object)) {
		rpc_error(out, m->id, RPC_INVALID_PARAMS, "arguments must be an object");
		return false;
	}
	return true;
}

void
tool_run(struct call *c, const struct rpc_message *m, struct text *out)
{
	int64_t start_mono_ns = clock_mono_ns();
	struct tool_out said = { .is_error = false };
	struct json_object *given, *token;
	struct tool_args args;
	enum mcp_tool tool;

	if (!called(m, &tool, &given, out))
		return;
	if (mcp_tool_about(tool)->writes && c->rq->scope < SCOPE_CRAWL)
		tool_failed(&said, "This token may only read: ask the operator for one with scope crawl.");
	else if (args_read(mcp_tool_about(tool), given, &args, &said))
		run[tool](c, &args, &said);
	mcp_log(c->thread, said.is_error, "%s: %s (%lld ms)", mcp_tool_about(tool)->name, said.gist,
	    (long long)((clock_mono_ns() - start_mono_ns) / 1000000));
	if (said.crawl[0] != '\0' && (token = token_of(c, m)) != NULL && watch_may_start()) {
		memcpy(c->follow, said.crawl, sizeof c->follow);
		c->progress_token = token;
	} else {
		rpc_result_open(out, m->id);
		tool_result_put(out, c->version, &said);
		rpc_result_close(out);
	}
	tool_out_fini(&said);
}
