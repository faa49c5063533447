# archon-api; all but its main() is a library, so that unit tests link it.
noinst_LIBRARIES += fcgi/api/libapi.a
fcgi_api_libapi_a_CPPFLAGS = $(AM_CPPFLAGS) $(JSON_C_CFLAGS)
fcgi_api_libapi_a_SOURCES = \
	%reldir%/api.c %reldir%/api.h \
	%reldir%/contents.c \
	%reldir%/crawls.c \
	%reldir%/health.c \
	%reldir%/items.c \
	%reldir%/json_body.c %reldir%/json_body.h \
	%reldir%/knowledge.c \
	%reldir%/mcp_control.c \
	%reldir%/mcp_logs.c \
	%reldir%/progress.c \
	%reldir%/routes.c %reldir%/routes.h \
	%reldir%/search.c \
	%reldir%/steer.c

pkglibexec_PROGRAMS += fcgi/api/archon-api
fcgi_api_archon_api_SOURCES = %reldir%/api_main.c
fcgi_api_archon_api_LDADD = fcgi/api/libapi.a $(shared_libs) $(FCGI_LIBS)
