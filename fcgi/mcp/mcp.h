/*
 * mcp - what the parts of archon-mcp share: one call and what it is answered.
 *
 * The server keeps nothing between requests: no sessions, no streams of its own.
 * A request brings its protocol version in a header, and no header means
 * 2025-03-26, as the specification has it.
 */
#ifndef MCP_H
#define MCP_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/mcp_tools.h"
#include "shared/progress_row.h"
#include "shared/refusal.h"
#include "shared/responder.h"
#include "shared/route.h"
#include "shared/service.h"

#include "mcp/rpc.h"

/* Newest last.  What changed for a server: batches only in 2025-03-26, structuredContent from 2025-06-18 on. */
#define MCP_VERSIONS(X)			\
	X(2024_11_05, "2024-11-05")	\
	X(2025_03_26, "2025-03-26")	\
	X(2025_06_18, "2025-06-18")	\
	X(2025_11_25, "2025-11-25")

enum mcp_version {
#define X(name, word) MCP_##name,
	MCP_VERSIONS(X)
#undef X
	MCP_N_VERSIONS
};

const char *mcp_version_word(enum mcp_version v);		/* static */
bool mcp_version_parse(const char *word, enum mcp_version *out);

enum {
	MCP_THREADS = 16,
	MCP_STREAMS = 12,	/* calls that wait for a crawl at once; the other threads answer */
	MCP_BATCH_MAX = 50,
	MCP_BODY_BYTES = 2 << 20,	/* a document that a model passes on; the HTTP API takes larger ones */
};

struct routes mcp_routes(struct route tbl[RESPONDER_ROUTES_MAX], const struct conf *conf);
enum { MCP_N_ROUTES = 1 };

/* -- one call --------------------------------------------------------------------- */

struct call {
	const struct request *rq;
	struct service_thread *thread;
	enum mcp_version version;
	bool	 may_stream;		/* it is alone in its request and the client takes an event stream */
	/* out: a crawl to be followed before the answer is given, to report to progress_token (borrowed) */
	char	 follow[ROW_ID_BYTES];	/* empty: none */
	struct json_object *progress_token;
};

/* Answer a request: one JSON-RPC response is appended, unless c->follow asks for a stream. */
void method_run(struct call *c, const struct rpc_message *m, struct text *out);

/* -- tools -------------------------------------------------------------------------- */

struct tool_args {		/* in the order of mcp_tool_about(); borrowed from the call */
	struct { bool given; const char *text; int64_t number; struct json_object *value; } v[MCP_ARGS_MAX];
};

struct tool_out {
	struct text said;	/* Markdown, for the model */
	struct text data;	/* a JSON object; empty when there is none */
	bool	    is_error;
	char	    gist[160];	/* for the log */
	char	    crawl[ROW_ID_BYTES];	/* may be followed */
};

typedef void tool_f(const struct call *c, const struct tool_args *a, struct tool_out *out);
tool_f tool_rag_query, tool_code_examples, tool_sources, tool_delete, tool_crawl_page, tool_crawl_site,
    tool_progress, tool_upload;

void tool_run(struct call *c, const struct rpc_message *m, struct text *out);	/* tools/call */

__attribute__((format(printf, 2, 3)))
void tool_failed(struct tool_out *out, const char *fmt, ...);	/* the model reads it: say what to do */
void tool_refused(struct tool_out *out, const struct refusal *why);
void tool_no_source(struct tool_out *out, const char *asked);
__attribute__((format(printf, 2, 3)))
void tool_gist(struct tool_out *out, const char *fmt, ...);

void tool_result_put(struct text *t, enum mcp_version version, const struct tool_out *out);	/* a CallToolResult */
void tool_out_fini(struct tool_out *out);

/* Say how far a crawl is. */
void tool_crawl_put(struct tool_out *out, const struct crawl_progress *p);

/* Append to the log that everybody sees live.  Its failure is nobody's business here. */
__attribute__((format(printf, 3, 4)))
void mcp_log(struct service_thread *t, bool warning, const char *fmt, ...);

/* -- following a crawl ---------------------------------------------------------------- */

/* Take one of MCP_STREAMS places, or false: none is free. */
bool watch_may_start(void);

/*
 * Turn *out into an event stream that reports c->follow until it ends, or for
 * ROUTE_STREAM_MS, then answers m.  Takes the place of watch_may_start().
 */
void watch_start(const struct call *c, const struct rpc_message *m, struct reply *out);

#endif
