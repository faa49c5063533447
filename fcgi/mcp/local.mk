# archon-mcp; all but its main() is a library, so that unit tests link it.
noinst_LIBRARIES += fcgi/mcp/libmcp.a
fcgi_mcp_libmcp_a_CPPFLAGS = $(AM_CPPFLAGS) $(JSON_C_CFLAGS) $(NETTLE_CFLAGS)
fcgi_mcp_libmcp_a_SOURCES = \
	%reldir%/door.c %reldir%/door.h \
	%reldir%/mcp.h \
	%reldir%/methods.c \
	%reldir%/post.c \
	%reldir%/rpc.c %reldir%/rpc.h \
	%reldir%/tool_crawl.c \
	%reldir%/tool_search.c \
	%reldir%/tool_sources.c \
	%reldir%/tool_upload.c \
	%reldir%/tools.c \
	%reldir%/watch.c

pkglibexec_PROGRAMS += fcgi/mcp/archon-mcp
fcgi_mcp_archon_mcp_SOURCES = %reldir%/mcp_main.c
fcgi_mcp_archon_mcp_CPPFLAGS = $(AM_CPPFLAGS) $(JSON_C_CFLAGS)
fcgi_mcp_archon_mcp_LDADD = fcgi/mcp/libmcp.a $(shared_libs) $(FCGI_LIBS)
