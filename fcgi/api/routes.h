/*
 * routes - the handlers of archon-api; which path leads to which stands in
 * routes.c and nowhere else.
 */
#ifndef ROUTES_H
#define ROUTES_H

#include "shared/crawl_params.h"
#include "shared/route.h"

route_handler_f crawl_single, crawl_smart;
route_handler_f crawl_start, crawl_stop, crawl_pause, crawl_resume, crawl_retry, crawl_failures, source_refresh;
route_handler_f progress_show, progress_list;
route_handler_f knowledge_list, sources_list;
route_handler_f item_show, item_edit, item_delete;
route_handler_f item_details, item_pages, item_chunks, item_examples;
route_handler_f document_upload;
extern const struct route_body document_body;
route_handler_f search_query, search_items, search_code;
route_handler_f logs_list, logs_add, logs_clear;
route_handler_f mcp_status, mcp_start, mcp_stop, mcp_config, mcp_tools;
route_handler_f session_begin, session_end, session_show;
route_handler_f health_show, metrics_show, openapi_show, prometheus_show;

/* Accept a crawl and answer 202 with its id, which is made when params has none. */
int crawl_begin(const struct request *rq, struct crawl_params *params, const char *message, struct reply *out);

#endif
