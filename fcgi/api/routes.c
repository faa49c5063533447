#include "config.h"

#include "api/routes.h"

#include "api/api.h"
#include "api/gate.h"

enum { TAKES_BODY = 1, TAKES_UPLOAD };	/* how large is in the configuration */
enum { FORM_BYTES = 64 * 1024 };	/* of an upload, beside the document */

static const struct route table[] = {
	{ "POST", "/api/knowledge-items/crawl", SCOPE_CRAWL, TAKES_BODY, crawl_start, "start a crawl", NULL },
	{ "POST", "/api/crawl/single", SCOPE_CRAWL, TAKES_BODY, crawl_single, "crawl one page and wait for it (15 s, then 202)", NULL },
	{ "POST", "/api/crawl/smart", SCOPE_CRAWL, TAKES_BODY, crawl_smart, "start a crawl and wait for it (15 s, then 202)", NULL },
	{ "POST", "/api/knowledge-items/stop/{id}", SCOPE_CRAWL, 0, crawl_stop, "cancel a crawl; what is stored stays", NULL },
	{ "POST", "/api/knowledge-items/{id}/refresh", SCOPE_CRAWL, 0, source_refresh, "crawl a source again: only what changed", NULL },
	{ "POST", "/api/crawl-progress/{id}/pause", SCOPE_CRAWL, 0, crawl_pause, "stop fetching, keep what is to do", NULL },
	{ "POST", "/api/crawl-progress/{id}/resume", SCOPE_CRAWL, 0, crawl_resume, "go on", NULL },
	{ "POST", "/api/crawl-progress/{id}/retry", SCOPE_CRAWL, 0, crawl_retry, "the same crawl once more, under a new id", NULL },
	{ "GET", "/api/crawl-progress/{id}/failures", SCOPE_READ, 0, crawl_failures, "URLs that failed, and why: page, per_page", NULL },
	{ "GET", "/api/crawl-progress", SCOPE_READ, 0, progress_list, "crawls under way; ?all=1 with the ended ones", NULL },
	{ "GET", "/api/crawl-progress/{id}", SCOPE_READ, 0, progress_show, "a crawl's snapshot", NULL },
	{ "DELETE", "/api/crawl-progress/{id}", SCOPE_CRAWL, 0, crawl_stop, "cancel a crawl", NULL },
	{ "GET", "/api/progress", SCOPE_READ, 0, progress_list, "the same list", NULL },
	{ "GET", "/api/progress/", SCOPE_READ, 0, progress_list, "the same list", NULL },
	{ "GET", "/api/progress/{id}", SCOPE_READ, 0, progress_show, "the same snapshot", NULL },
	{ "GET", "/api/knowledge-items", SCOPE_READ, 0, knowledge_list, "what is known: page, per_page, search, tags, sort ...", NULL },
	{ "GET", "/api/knowledge-items/{id}", SCOPE_READ, 0, item_show, "one of them", NULL },
	{ "PUT", "/api/knowledge-items/{id}", SCOPE_CRAWL, TAKES_BODY, item_edit, "title, description, tags, knowledge_type, update_frequency", NULL },
	{ "DELETE", "/api/knowledge-items/{id}", SCOPE_CRAWL, 0, item_delete, "delete it; a crawl of it is cancelled", NULL },
	{ "GET", "/api/knowledge-items/{id}/details", SCOPE_READ, 0, item_details, "the item and its chunks: page, per_page", NULL },
	{ "GET", "/api/knowledge-items/{id}/pages", SCOPE_READ, 0, item_pages, "its pages: page, per_page, url, language", NULL },
	{ "GET", "/api/knowledge-items/{id}/chunks", SCOPE_READ, 0, item_chunks, "its chunks: page, per_page, url, language", NULL },
	{ "GET", "/api/knowledge-items/{id}/code-examples", SCOPE_READ, 0, item_examples, "its code examples: page, per_page, url, language", NULL },
	{ "POST", "/api/documents/upload", SCOPE_CRAWL, TAKES_UPLOAD, document_upload, "add a document: a form with file, tags, knowledge_type", &document_body },
	{ "POST", "/api/rag/query", SCOPE_READ, TAKES_BODY, search_query, "search the knowledge base", NULL },
	{ "POST", "/api/knowledge-items/search", SCOPE_READ, TAKES_BODY, search_items, "the same by the older names: limit, sources", NULL },
	{ "POST", "/api/rag/code-examples", SCOPE_READ, TAKES_BODY, search_code, "search the code examples", NULL },
	{ "GET", "/api/rag/sources", SCOPE_READ, 0, sources_list, "sources to search in", NULL },
	{ "GET", "/api/mcp/logs", SCOPE_READ, 0, logs_list, "log entries, oldest first: limit, since, level", NULL },
	{ "POST", "/api/mcp/logs", SCOPE_CRAWL, TAKES_BODY, logs_add, "log one entry or an array of them", NULL },
	{ "DELETE", "/api/mcp/logs", SCOPE_ADMIN, 0, logs_clear, "forget all entries", NULL },
	{ "GET", "/api/mcp/status", SCOPE_READ, 0, mcp_status, "does the MCP server run?  With the newest log lines", NULL },
	{ "POST", "/api/mcp/start", SCOPE_ADMIN, 0, mcp_start, "let the MCP server answer agents", NULL },
	{ "POST", "/api/mcp/stop", SCOPE_ADMIN, 0, mcp_stop, "let it answer 503", NULL },
	{ "GET", "/api/mcp/config", SCOPE_READ, 0, mcp_config, "how to connect agents, ready to copy", NULL },
	{ "GET", "/api/mcp/tools", SCOPE_READ, 0, mcp_tools, "what it offers to agents", NULL },
	{ "GET", "/api/database/metrics", SCOPE_READ, 0, metrics_show, "how much there is, in rows and bytes", NULL },
	{ "GET", "/api/openapi.json", SCOPE_READ, 0, openapi_show, "all of this, described (OpenAPI 3.1)", NULL },
	{ "GET", "/api/health", SCOPE_READ, 0, health_show, "are all parts alive?", NULL },
	{ "POST", "/api/login", SCOPE_ANY, TAKES_BODY, session_begin, "a token becomes a cookie, for the page", NULL },
	{ "POST", "/api/logout", SCOPE_ANY, 0, session_end, "end the cookie's session", NULL },
	{ "GET", "/api/session", SCOPE_READ, 0, session_show, "who is asking, and what they may do", NULL },
	{ "GET", GATE_PATH, SCOPE_ANY, 0, gate_ask, NULL, NULL },
	{ "GET", "/health", SCOPE_READ, 0, health_show, "the same", NULL },
	{ "GET", "/metrics", SCOPE_READ, 0, prometheus_show, "all that is counted, for Prometheus; from this host only", NULL },
};
enum { N_ROUTES = sizeof table / sizeof table[0] };
_Static_assert((int)N_ROUTES <= (int)RESPONDER_ROUTES_MAX, "a longer table is needed");

struct routes
api_routes(struct route tbl[RESPONDER_ROUTES_MAX], const struct conf *conf)
{
	const struct conf *rules = conf;
	struct conf initial;

	if (conf == NULL) {
		conf_defaults(&initial);
		conf = &initial;
	}
	for (unsigned i = 0; i < N_ROUTES; i++) {
		tbl[i] = table[i];
		if (tbl[i].max_body_bytes == TAKES_BODY)
			tbl[i].max_body_bytes = (size_t)conf->body_max_bytes;
		else if (tbl[i].max_body_bytes == TAKES_UPLOAD)
			tbl[i].max_body_bytes = (size_t)conf->upload_max_bytes + FORM_BYTES;
	}
	return (struct routes){ .tbl = tbl, .n = N_ROUTES, .conf = rules };
}
