# archon-api; all but its main() is a library, so that unit tests link it.
noinst_LIBRARIES += fcgi/api/libapi.a
fcgi_api_libapi_a_CPPFLAGS = $(AM_CPPFLAGS) $(JSON_C_CFLAGS)
fcgi_api_libapi_a_SOURCES = \
	%reldir%/api.c %reldir%/api.h \
	%reldir%/contents.c \
	%reldir%/crawls.c \
	%reldir%/describe.c \
	%reldir%/documents.c %reldir%/document_form.c %reldir%/document_form.h \
	%reldir%/exposition.c %reldir%/exposition.h \
	%reldir%/gate.c %reldir%/gate.h \
	%reldir%/health.c \
	%reldir%/items.c \
	%reldir%/json_body.c %reldir%/json_body.h \
	%reldir%/knowledge.c \
	%reldir%/mcp_control.c \
	%reldir%/mcp_logs.c \
	%reldir%/metrics.c \
	%reldir%/openapi_json.h \
	%reldir%/multipart.c %reldir%/multipart.h \
	%reldir%/progress.c \
	%reldir%/prometheus.c \
	%reldir%/routes.c %reldir%/routes.h \
	%reldir%/search.c \
	%reldir%/session.c \
	%reldir%/steer.c \
	%reldir%/tries.c %reldir%/tries.h

nodist_fcgi_api_libapi_a_SOURCES = %reldir%/openapi_json.c

# The description of the API: pieces a person can read, one JSON text for the program.
openapi_pieces = $(srcdir)/%reldir%/openapi
openapi_sources = $(openapi_pieces)/head.json $(openapi_pieces)/crawls.json $(openapi_pieces)/progress.json \
	$(openapi_pieces)/items.json $(openapi_pieces)/documents.json $(openapi_pieces)/search.json $(openapi_pieces)/mcp.json \
	$(openapi_pieces)/access.json $(openapi_pieces)/health.json $(openapi_pieces)/schemas.json
%reldir%/openapi_json.c: $(openapi_sources) $(srcdir)/%reldir%/openapi/join
	$(AM_V_GEN)$(MKDIR_P) %reldir% && $(SHELL) $(srcdir)/%reldir%/openapi/join $(VERSION) $(openapi_sources) >$@.new && mv $@.new $@
EXTRA_DIST += $(openapi_sources) %reldir%/openapi/join
CLEANFILES += %reldir%/openapi_json.c %reldir%/openapi_json.c.new

pkglibexec_PROGRAMS += fcgi/api/archon-api
fcgi_api_archon_api_SOURCES = %reldir%/api_main.c
fcgi_api_archon_api_LDADD = fcgi/api/libapi.a $(shared_libs) $(FCGI_LIBS)
