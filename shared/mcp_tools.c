#include "config.h"

#include "shared/mcp_tools.h"

#include <assert.h>

#include "shared/crawl_params.h"
#include "shared/json_text.h"
#include "shared/upload.h"

#define TEXT(name, required, max, what)		{ name, MCP_ARG_TEXT, required, 0, max, 0, what }
#define NUMBER(name, min, max, initial, what)	{ name, MCP_ARG_NUMBER, false, min, max, initial, what }

#define URL_ARG TEXT("url", true, ROW_URL_BYTES - 1, "http or https address to start from")
#define CHUNK_ARG NUMBER("chunk_size", PARAMS_CHUNK_MIN, PARAMS_CHUNK_MAX, PARAMS_CHUNK_DEFAULT, "characters of a stored passage, at most")

static const struct mcp_tool_about tools[MCP_N_TOOLS] = {
	[MCP_PERFORM_RAG_QUERY] = {
		"perform_rag_query", "Search the knowledge base",
		"Search the crawled documentation and get the best passages as Markdown, each with its title, headings and "
		"URL to cite. Ask with the words the documentation would use; function, option and error names work well. "
		"Look here before answering from memory about a library or product that has been crawled.",
		.args = {
			TEXT("query", true, MCP_TEXT_MAX, "what to look for: keywords or a question"),
			TEXT("source", false, 63, "search in this source only: a source_id from get_available_sources"),
			NUMBER("match_count", 1, 50, 5, "passages to return"),
		},
	},
	[MCP_SEARCH_CODE_EXAMPLES] = {
		"search_code_examples", "Search code examples",
		"Search the code examples of the crawled documentation and get the best ones, each with its language, the text "
		"that leads to it and its URL to cite. Ask with names that the code would hold, or with what it is to do.",
		.args = {
			TEXT("query", true, MCP_TEXT_MAX, "what to look for: names, or what the code does"),
			TEXT("source_id", false, 63, "search in this source only: from get_available_sources"),
			NUMBER("match_count", 1, 50, 5, "examples to return"),
		},
	},
	[MCP_GET_AVAILABLE_SOURCES] = {
		"get_available_sources", "List sources",
		"List what has been crawled: each source's source_id, title, start URL, state and size. Call it first to see "
		"whether the documentation you need is there, and to get a source_id to search in.",
		.writes = false,
	},
	[MCP_CRAWL_SINGLE_PAGE] = {
		"crawl_single_page", "Crawl one page",
		"Fetch one page and add it to the knowledge base; no links are followed. Returns a progress_id at once: "
		"get_crawl_progress tells when it can be searched, usually after a second.",
		.writes = true, .open_world = true,
		.args = { URL_ARG },
	},
	[MCP_SMART_CRAWL_URL] = {
		"smart_crawl_url", "Crawl a site",
		"Crawl a documentation site into the knowledge base: a sitemap is read as one, a text file (llms.txt) as its "
		"content, and from a page the links below its path are followed. Returns a progress_id at once; follow it with "
		"get_crawl_progress. What is stored can be searched while the crawl goes on.",
		.writes = true, .open_world = true,
		.args = {
			URL_ARG,
			NUMBER("max_depth", 0, PARAMS_DEPTH_MAX, 10, "links to follow from the start; 0: only the start page"),
			NUMBER("max_concurrent", 1, PARAMS_CONCURRENT_MAX, 10, "pages to fetch at once"),
			CHUNK_ARG,
		},
	},
	[MCP_GET_CRAWL_PROGRESS] = {
		"get_crawl_progress", "Follow a crawl",
		"How far a crawl has come: status, pages done and found, what failed, the newest log lines. status is completed, "
		"error or cancelled when it has ended; before that, ask again after some seconds.",
		.args = { TEXT("progress_id", true, ID_TOPIC_MAX, "from crawl_single_page or smart_crawl_url") },
	},
	[MCP_DELETE_SOURCE] = {
		"delete_source", "Delete a source",
		"Take a source out of the knowledge base with all its pages, passages and code examples; a crawl of it that is "
		"under way is ended. It cannot be undone: ask the user first.",
		.writes = true, .destroys = true,
		.args = { TEXT("source_id", true, 63, "from get_available_sources") },
	},
	[MCP_UPLOAD_DOCUMENT] = {
		"upload_document", "Add a document",
		"Add a document of your own to the knowledge base: " UPLOAD_TYPES ". Returns a progress_id at once. The same "
		"content again is not read twice. For more than 1 MiB use POST /api/documents/upload of the HTTP API.",
		.writes = true,
		.args = {
			TEXT("file_content", true, INT32_MAX, "the document's text; of a .pdf or .docx its bytes in base64"),
			TEXT("filename", true, UPLOAD_NAME_BYTES - 1, "its name; the ending tells its type"),
			TEXT("knowledge_type", false, 31, "technical (the default) or business"),
			{ "tags", MCP_ARG_TAGS, false, 0, PARAMS_LIST_MAX, 0, "words to find it by" },
			CHUNK_ARG,
		},
	},
};

const struct mcp_tool_about *
mcp_tool_about(enum mcp_tool tool)
{
	assert(tool < MCP_N_TOOLS);
	return &tools[tool];
}

bool
mcp_tool_find(struct slice name, enum mcp_tool *out)
{
	for (unsigned i = 0; i < MCP_N_TOOLS; i++)
		if (slice_is(name, tools[i].name)) {
			*out = (enum mcp_tool)i;
			return true;
		}
	return false;
}

static void
arg_put(struct text *t, const struct mcp_arg *a)
{
	static const char *const types[] = {
		[MCP_ARG_TEXT] = "string", [MCP_ARG_NUMBER] = "integer", [MCP_ARG_TAGS] = "array",
	};

	json_key(t, a->name);
	json_open(t, '{');
	json_kstr(t, "type", types[a->kind]);
	json_kstr(t, "description", a->what);
	switch (a->kind) {
	case MCP_ARG_TEXT:
		if (a->required)
			json_kint(t, "minLength", 1);
		if (a->max < INT32_MAX)
			json_kint(t, "maxLength", a->max);
		break;
	case MCP_ARG_NUMBER:
		json_kint(t, "minimum", a->min);
		json_kint(t, "maximum", a->max);
		json_kint(t, "default", a->initial);
		break;
	case MCP_ARG_TAGS:
		json_key(t, "items");
		json_raw(t, "{\"type\":\"string\"}", 17);
		json_kint(t, "maxItems", a->max);
		break;
	}
	json_close(t, '}');
}

static void
schema_put(struct text *t, const struct mcp_tool_about *tool)
{
	json_key(t, "inputSchema");
	json_open(t, '{');
	json_kstr(t, "type", "object");
	json_key(t, "properties");
	json_open(t, '{');
	for (const struct mcp_arg *a = tool->args; a->name != NULL; a++)
		arg_put(t, a);
	json_close(t, '}');
	json_key(t, "required");
	json_open(t, '[');
	for (const struct mcp_arg *a = tool->args; a->name != NULL; a++)
		if (a->required)
			json_string(t, a->name, strlen(a->name));
	json_close(t, ']');
	json_close(t, '}');
}

void
mcp_tools_json(struct text *t)
{
	json_open(t, '[');
	for (unsigned i = 0; i < MCP_N_TOOLS; i++) {
		const struct mcp_tool_about *tool = &tools[i];

		json_open(t, '{');
		json_kstr(t, "name", tool->name);
		json_kstr(t, "title", tool->title);
		json_kstr(t, "description", tool->what);
		schema_put(t, tool);
		json_key(t, "annotations");
		json_open(t, '{');
		json_kstr(t, "title", tool->title);
		json_kbool(t, "readOnlyHint", !tool->writes);
		json_kbool(t, "destructiveHint", tool->destroys);
		json_kbool(t, "idempotentHint", !tool->writes);
		json_kbool(t, "openWorldHint", tool->open_world);
		json_close(t, '}');
		json_close(t, '}');
	}
	json_close(t, ']');
}
