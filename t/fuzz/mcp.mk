# archon-mcp.
EXTRA_DIST += \
	%D%/fuzz_mcp_rpc.c \
	%D%/seeds/fuzz_mcp_rpc/accept %D%/seeds/fuzz_mcp_rpc/batch \
	%D%/seeds/fuzz_mcp_rpc/call %D%/seeds/fuzz_mcp_rpc/origin
