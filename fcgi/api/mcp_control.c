/* The MCP server, as the pages see and steer it; what agents see is archon-mcp's. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "shared/json_text.h"
#include "shared/log.h"
#include "shared/mcp_state.h"
#include "shared/mcp_tools.h"
#include "shared/ring.h"
#include "shared/url.h"

#include "api/api.h"
#include "api/routes.h"

enum { STATUS_LINES = 10, ADDRESS_BYTES = 320 };

/* -- status ------------------------------------------------------------------------- */

static void
line_put(struct text *t, const struct ring_entry *e)	/* "[INFO] text" */
{
	char line[RING_MESSAGE_BYTES + 16];
	int n = snprintf(line, sizeof line, "[%s] ", ring_level_word((enum ring_level)e->level));

	memcpy(line + n, e->message, e->message_len);
	json_string(t, line, (size_t)n + e->message_len);
}

int
mcp_status(const struct request *rq, struct reply *out)
{
	const struct table *t = api_table_get(rq);
	struct ring_entry e;
	int64_t uptime_ms;

	if (t == NULL) {
		api_table_put(rq);
		return api_table_down(out);
	}
	uptime_ms = mcp_uptime_ms(t);
	json_open(&out->body, '{');
	json_kstr(&out->body, "status", uptime_ms >= 0 ? "running" : "stopped");
	if (uptime_ms >= 0)
		json_kint(&out->body, "uptime", uptime_ms / 1000);
	else
		json_kstr(&out->body, "uptime", NULL);
	json_key(&out->body, "logs");
	json_open(&out->body, '[');
	for (uint64_t last = ring_last(t), at = last - STATUS_LINES + 1; at <= last; at++)
		if (ring_read(t, at, &e) == 0)
			line_put(&out->body, &e);
	json_close(&out->body, ']');
	json_close(&out->body, '}');
	api_table_put(rq);
	return 200;
}

/* -- start and stop -------------------------------------------------------------------- */

static int
switched(struct reply *out, const char *status, const char *message)
{
	json_open(&out->body, '{');
	json_kbool(&out->body, "success", true);
	json_kstr(&out->body, "status", status);
	json_kstr(&out->body, "message", message);
	json_close(&out->body, '}');
	return 200;
}

/* Put the switch, and say so in the log that the page shows.  false: there is no table. */
static bool
put(const struct request *rq, bool on, bool *was, bool *alive)
{
	struct ring_line line = { .level = RING_INFO, .message = on ? SLICE_LIT("MCP server started") : SLICE_LIT("MCP server stopped") };
	struct table *t = api_table_get(rq);

	if (t != NULL) {
		*alive = mcp_is_alive(t);
		*was = mcp_switch(t, on);
		if (*was != on) {
			(void)ring_append(t, &line, 1);		/* no room: it is switched all the same */
			log_event(LOG_NOTICE, "MCP server switched id=%s to=%s", rq->request_id, on ? "on" : "off");
		}
	}
	api_table_put(rq);
	return t != NULL;
}

int
mcp_start(const struct request *rq, struct reply *out)
{
	bool was, alive;

	if (!put(rq, true, &was, &alive))
		return api_table_down(out);
	if (!alive) {
		reply_header(out, "Retry-After", "5");
		return reply_error(out, 503, "mcp_down", NULL,
		    "The MCP server is switched on, but its program archon-mcp does not run: start that (systemctl start archon-mcp)");
	}
	return was ? switched(out, "running", "MCP server is already running")
	    : switched(out, "starting", "MCP server is starting");
}

int
mcp_stop(const struct request *rq, struct reply *out)
{
	bool was, alive;

	if (!put(rq, false, &was, &alive))
		return api_table_down(out);
	return was && alive ? switched(out, "stopped", "MCP server stopped")
	    : switched(out, "stopped", "MCP server is already stopped");
}

/* -- how to connect ---------------------------------------------------------------------- */

/* Where the asker sees us: what it called, when that can be an address, else public_url. */
static void
endpoint(const struct request *rq, struct url *u)
{
	const char *host = request_param(rq, "HTTP_HOST"), *scheme = request_param(rq, "REQUEST_SCHEME");
	char called[ADDRESS_BYTES];

	if (*host != '\0' && host[strcspn(host, "/?#@\\ \"'`$")] == '\0' &&
	    snprintf(called, sizeof called, "%s://%s/mcp", strcmp(scheme, "https") == 0 ? "https" : "http", host) < ADDRESS_BYTES &&
	    url_parse(u, called) == 0)
		return;
	(void)url_parse(u, api_conf(rq)->public_url);	/* checked when it was read */
	(void)url_resolve(u, u, "/mcp", 4);
}

/* A ready-to-copy text.  kind: the member that says which transport, or NULL. */
static void
client_put(struct text *t, const char *id, const char *name, const char *where, const char *kind, const char *url)
{
	struct text said = { 0 };

	json_open(&said, '{');
	json_key(&said, "mcpServers");
	json_open(&said, '{');
	json_key(&said, PACKAGE_NAME);
	json_open(&said, '{');
	if (kind != NULL)
		json_kstr(&said, "type", kind);
	json_kstr(&said, "url", url);
	json_close(&said, '}');
	json_close(&said, '}');
	json_close(&said, '}');

	json_open(t, '{');
	json_kstr(t, "id", id);
	json_kstr(t, "name", name);
	json_kstr(t, "where", where);
	if (strcmp(id, "claude-code") == 0) {
		json_key(t, "command");
		text_printf(t, "\"claude mcp add --transport http %s %s\"", PACKAGE_NAME, url);
	}
	json_key(t, "config");
	json_raw(t, said.len > 0 ? said.p : "{}", said.len > 0 ? said.len : 2);
	json_close(t, '}');
	t->failed |= said.failed;
	text_fini(&said);
}

int
mcp_config(const struct request *rq, struct reply *out)
{
	struct text *t = &out->body;
	char host[256];
	struct slice name;
	struct url u;

	endpoint(rq, &u);
	name = url_host(&u);
	(void)snprintf(host, sizeof host, "%.*s", (int)name.len, name.p);
	json_open(t, '{');
	json_kstr(t, "url", u.text);
	json_kstr(t, "transport", "streamable-http");
	json_kstr(t, "host", host);
	json_kint(t, "port", u.port);
	json_key(t, "clients");
	json_open(t, '[');
	client_put(t, "claude-code", "Claude Code", "run the command, or put it in .mcp.json", "http", u.text);
	client_put(t, "cursor", "Cursor", "~/.cursor/mcp.json", NULL, u.text);
	client_put(t, "other", "Any other client", "its MCP configuration", "streamable-http", u.text);
	json_close(t, ']');
	json_close(t, '}');
	return 200;
}

int
mcp_tools(const struct request *rq, struct reply *out)
{
	(void)rq;
	json_open(&out->body, '{');
	json_key(&out->body, "tools");
	mcp_tools_json(&out->body);
	json_kint(&out->body, "count", MCP_N_TOOLS);
	json_close(&out->body, '}');
	return 200;
}
