/*
 * mcp_tools - what the MCP server offers to agents: names, arguments and what is
 * said of them.  One table, for tools/list, for reading a call's arguments and
 * for the page that shows them.
 */
#ifndef MCP_TOOLS_H
#define MCP_TOOLS_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/slice.h"
#include "shared/text.h"

enum mcp_tool {
	MCP_PERFORM_RAG_QUERY,
	MCP_SEARCH_CODE_EXAMPLES,
	MCP_GET_AVAILABLE_SOURCES,
	MCP_CRAWL_SINGLE_PAGE,
	MCP_SMART_CRAWL_URL,
	MCP_GET_CRAWL_PROGRESS,
	MCP_DELETE_SOURCE,
	MCP_UPLOAD_DOCUMENT,
	MCP_N_TOOLS
};

enum { MCP_ARGS_MAX = 6, MCP_TEXT_MAX = 2047 };		/* bytes of an argument, unless it says otherwise */

enum mcp_arg_kind { MCP_ARG_TEXT, MCP_ARG_NUMBER, MCP_ARG_TAGS };

struct mcp_arg {
	const char *name;
	enum mcp_arg_kind kind;
	bool	    required;
	int64_t	    min, max, initial;	/* of a number; of a text max is its length in bytes */
	const char *what;
};

struct mcp_tool_about {
	const char *name, *title, *what;
	bool	    writes;		/* else it only reads */
	bool	    destroys;
	bool	    open_world;		/* it reaches out to the web */
	struct mcp_arg args[MCP_ARGS_MAX];	/* ends at one without a name */
};

const struct mcp_tool_about *mcp_tool_about(enum mcp_tool tool);	/* static */
bool mcp_tool_find(struct slice name, enum mcp_tool *out);

/* Append the array of all tools as tools/list has it. */
void mcp_tools_json(struct text *out);

#endif
