/* What the protocol itself asks: initialize, ping, the list of tools. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shared/json_text.h"
#include "shared/ring.h"

#include "mcp/mcp.h"

static const char *const version_words[MCP_N_VERSIONS] = {
#define X(name, word) [MCP_##name] = word,
	MCP_VERSIONS(X)
#undef X
};

static const char instructions[] =
	"archon holds crawled documentation. Search it with perform_rag_query; get_available_sources says what is there. "
	"When something is missing, crawl it with smart_crawl_url (a site) or crawl_single_page, follow it with "
	"get_crawl_progress, then search.";

const char *
mcp_version_word(enum mcp_version v)
{
	return version_words[v];
}

bool
mcp_version_parse(const char *word, enum mcp_version *out)
{
	for (unsigned i = 0; i < MCP_N_VERSIONS; i++)
		if (strcmp(word, version_words[i]) == 0) {
			*out = (enum mcp_version)i;
			return true;
		}
	return false;
}

void
mcp_log(struct service_thread *t, bool warning, const char *fmt, ...)
{
	struct ring_line line = { .level = warning ? RING_WARNING : RING_INFO };
	char text[RING_MESSAGE_BYTES];
	struct table *table;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);	/* cut: a line of a log */
	va_end(ap);
	line.message = slice_of(text);
	if ((table = service_table_get(t)) != NULL)
		(void)ring_append(table, &line, 1);	/* no room: the log is not what we are for */
	service_table_put(t);
}

/* -- initialize ------------------------------------------------------------------ */

static const char *
member_text(struct json_object *o, const char *name)	/* "" when it is not there, or no text */
{
	struct json_object *v;

	if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, name, &v)
	    || !json_object_is_type(v, json_type_string))
		return "";
	return json_object_get_string(v);
}

static void
initialize(struct call *c, const struct rpc_message *m, struct text *out)
{
	const char *asked = member_text(m->params, "protocolVersion");
	enum mcp_version version = MCP_N_VERSIONS - 1;
	struct json_object *client = NULL;

	if (*asked == '\0') {
		rpc_error(out, m->id, RPC_INVALID_PARAMS, "protocolVersion is missing: a date such as %s",
		    version_words[version]);
		return;
	}
	(void)mcp_version_parse(asked, &version);	/* unknown: ours, and the client decides */
	(void)json_object_object_get_ex(m->params, "clientInfo", &client);
	mcp_log(c->thread, false, "Client %.60s %.30s connected, protocol %s", member_text(client, "name"),
	    member_text(client, "version"), version_words[version]);
	rpc_result_open(out, m->id);
	json_open(out, '{');
	json_kstr(out, "protocolVersion", version_words[version]);
	json_key(out, "capabilities");
	json_raw(out, "{\"tools\":{}}", 12);
	json_key(out, "serverInfo");
	json_open(out, '{');
	json_kstr(out, "name", PACKAGE_NAME);
	json_kstr(out, "title", "archon knowledge base");
	json_kstr(out, "version", PACKAGE_VERSION);
	json_close(out, '}');
	json_kstr(out, "instructions", instructions);
	json_close(out, '}');
	rpc_result_close(out);
}

static void
ping(struct call *c, const struct rpc_message *m, struct text *out)
{
	(void)c;
	rpc_result_open(out, m->id);
	json_raw(out, "{}", 2);
	rpc_result_close(out);
}

static void
tools_list(struct call *c, const struct rpc_message *m, struct text *out)
{
	(void)c;
	if (*member_text(m->params, "cursor") != '\0') {
		rpc_error(out, m->id, RPC_INVALID_PARAMS, "There is no such cursor: the list has one page");
		return;
	}
	rpc_result_open(out, m->id);
	json_open(out, '{');
	json_key(out, "tools");
	mcp_tools_json(out);
	json_close(out, '}');
	rpc_result_close(out);
}

static const struct {
	const char *name;
	void (*run)(struct call *c, const struct rpc_message *m, struct text *out);
} methods[] = {
	{ "initialize", initialize },
	{ "ping", ping },
	{ "tools/list", tools_list },
	{ "tools/call", tool_run },
};

void
method_run(struct call *c, const struct rpc_message *m, struct text *out)
{
	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
		if (strcmp(m->method, methods[i].name) == 0) {
			methods[i].run(c, m, out);
			return;
		}
	rpc_error(out, m->id, RPC_METHOD_NOT_FOUND, "There is no method %.100s", m->method);
}
