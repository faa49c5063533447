#!/bin/sh
# The page: items and what is done with them, documents, and the MCP server.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/page.sh"
page_run 30-items 40-mcp
