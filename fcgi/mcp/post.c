/* POST /mcp: a message, or in the revision that has them a batch, and its answer. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "shared/json_text.h"
#include "shared/mcp_state.h"

#include "mcp/door.h"
#include "mcp/mcp.h"

static const struct route table[] = {
	{ "POST", "/mcp", SCOPE_READ, 1, NULL, "Model Context Protocol (Streamable HTTP): tools for agents", NULL },
};
_Static_assert(sizeof table / sizeof table[0] == MCP_N_ROUTES, "MCP_N_ROUTES");

/* -- refusals ----------------------------------------------------------------------- */

static int
refused(struct reply *out, int status, struct json_object *id, enum rpc_code code, const char *sentence)
{
	text_clear(&out->body);
	rpc_error(&out->body, id, code, "%s", sentence);
	return status;
}

static void
refuse_stranger(struct reply *out, const char *sentence)
{
	(void)refused(out, 403, NULL, RPC_INVALID_REQUEST, sentence);	/* the status is the caller's */
}

/* 0, or the status of the refusal. */
static int
door(const struct request *rq, struct call *c, struct reply *out, struct door_accept *accept)
{
	const char *version = request_param(rq, "HTTP_MCP_PROTOCOL_VERSION");

	*accept = door_accept(request_param(rq, "HTTP_ACCEPT"));
	if (!accept->json && !accept->stream)
		return refused(out, 406, NULL, RPC_INVALID_REQUEST,
		    "Send Accept: application/json, text/event-stream");
	c->version = MCP_2025_03_26;
	if (*version != '\0' && !mcp_version_parse(version, &c->version))
		return refused(out, 400, NULL, RPC_INVALID_REQUEST,
		    "This MCP-Protocol-Version is not known here; initialize says which are");
	return 0;
}

static bool
is_on(const struct call *c)
{
	const struct table *t = service_table_get(c->thread);
	bool on = t == NULL || mcp_is_on(t);

	service_table_put(c->thread);
	return on;
}

static int
stopped(struct reply *out, struct json_object *id)
{
	reply_header(out, "Retry-After", "30");
	return refused(out, 503, id, RPC_UNAVAILABLE,
	    "The MCP server is stopped; start it on archon's MCP page or with POST /api/mcp/start");
}

/* -- messages ------------------------------------------------------------------------ */

/* The status; 202: nothing is to be said.  m is filled. */
static int
message_run(struct call *c, struct json_object *o, struct rpc_message *m, struct text *out)
{
	rpc_read(o, m);
	switch (m->kind) {
	case RPC_REQUEST:
		method_run(c, m, out);
		return 200;
	case RPC_INVALID:
		rpc_error(out, m->id, RPC_INVALID_REQUEST, "%s", m->why);
		return 400;
	default:
		return 202;
	}
}

static int
batch_run(struct call *c, struct json_object *list, struct reply *out)
{
	size_t n = json_object_array_length(list);
	struct rpc_message m;

	if (c->version != MCP_2025_03_26)
		return refused(out, 400, NULL, RPC_INVALID_REQUEST, "Protocol 2025-03-26 alone has batches: send one message");
	if (n == 0 || n > MCP_BATCH_MAX)
		return refused(out, 400, NULL, RPC_INVALID_REQUEST, "A batch holds 1 to 50 messages");
	c->may_stream = false;
	json_open(&out->body, '[');
	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_object_array_get_idx(list, i);

		rpc_read(o, &m);
		if (m.kind == RPC_REQUEST && strcmp(m.method, "initialize") == 0)
			rpc_error(&out->body, m.id, RPC_INVALID_REQUEST, "initialize must not be part of a batch");
		else
			(void)message_run(c, o, &m, &out->body);
	}
	json_close(&out->body, ']');
	if (out->body.len > 2)
		return 200;
	text_clear(&out->body);
	return 202;
}

static void
make_stream(struct reply *out)		/* of one event, for a client that takes nothing else */
{
	struct text t = { 0 };

	text_puts(&t, "event: message\ndata: ");
	text_put(&t, out->body.p, out->body.len);
	text_puts(&t, "\n\n");
	t.failed |= out->body.failed;
	text_fini(&out->body);
	out->body = t;
	out->content_type = "text/event-stream";
}

static int
post(const struct request *rq, struct reply *out)
{
	struct call c = { .rq = rq, .thread = rq->ctx };
	struct rpc_message m = { .kind = RPC_INVALID };
	struct json_object *body = NULL;
	struct door_accept accept;
	int status, rc;

	if ((status = door(rq, &c, out, &accept)) != 0)
		return status;
	c.may_stream = accept.stream;
	if ((rc = rpc_parse(rq->body.p, rq->body.len, &body)) == -ENOMEM) {
		out->body.failed = true;	/* answered 503 */
		return 503;
	}
	if (rc < 0)
		return refused(out, 400, NULL, RPC_PARSE_ERROR, "The body must be one JSON value, nested at most 32 deep");
	if (!is_on(&c)) {
		rpc_read(body, &m);
		status = stopped(out, m.id);
	} else if (json_object_is_type(body, json_type_array)) {
		status = batch_run(&c, body, out);
	} else {
		status = message_run(&c, body, &m, &out->body);
	}
	if (c.follow[0] != '\0')
		watch_start(&c, &m, out);
	else if (status == 200 && !accept.json)
		make_stream(out);
	(void)json_object_put(body);
	return status;
}

struct routes
mcp_routes(struct route tbl[RESPONDER_ROUTES_MAX], const struct conf *conf)
{
	for (unsigned i = 0; i < MCP_N_ROUTES; i++) {
		tbl[i] = table[i];
		tbl[i].max_body_bytes = MCP_BODY_BYTES;
		tbl[i].handler = post;
	}
	return (struct routes){ .tbl = tbl, .n = MCP_N_ROUTES, .conf = conf, .refuse = refuse_stranger };
}
