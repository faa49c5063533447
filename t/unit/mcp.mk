# archon-mcp.
mcp_tests = t/unit/check_rpc t/unit/check_mcp
t_unit_check_rpc_SOURCES = %D%/check_rpc.c
t_unit_check_rpc_CPPFLAGS = $(unit_cppflags) $(JSON_C_CFLAGS)
t_unit_check_rpc_LDADD = fcgi/mcp/libmcp.a $(unit_libs)
t_unit_check_mcp_SOURCES = %D%/check_mcp.c
t_unit_check_mcp_CPPFLAGS = $(unit_cppflags) $(JSON_C_CFLAGS)
t_unit_check_mcp_LDADD = fcgi/mcp/libmcp.a $(unit_libs)

include t/fuzz/mcp.mk

if HAVE_CHECK
check_PROGRAMS += $(mcp_tests)
TESTS += $(mcp_tests)
endif
