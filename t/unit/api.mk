# The HTTP surface: the route table, FastCGI, archon-api's handlers.
api_tests = t/unit/check_route t/unit/check_fcgi_peek t/unit/check_fcgi_serve \
	t/unit/check_crawls t/unit/check_items t/unit/check_knowledge t/unit/check_mcp_logs \
	t/unit/check_multipart t/unit/check_gate
t_unit_check_route_SOURCES = %D%/check_route.c
t_unit_check_route_CPPFLAGS = $(unit_cppflags)
t_unit_check_route_LDADD = $(unit_libs)
t_unit_check_fcgi_peek_SOURCES = %D%/check_fcgi_peek.c %D%/fcgi_client.c %D%/fcgi_client.h
t_unit_check_fcgi_peek_CPPFLAGS = $(unit_cppflags) -I$(srcdir)/%D%
t_unit_check_fcgi_peek_LDADD = $(unit_libs)
t_unit_check_fcgi_serve_SOURCES = %D%/check_fcgi_serve.c %D%/fcgi_client.c %D%/fcgi_client.h
t_unit_check_fcgi_serve_CPPFLAGS = $(unit_cppflags) $(FCGI_CFLAGS) -I$(srcdir)/%D%
t_unit_check_fcgi_serve_LDADD = $(unit_libs) $(FCGI_LIBS)
t_unit_check_crawls_SOURCES = %D%/check_crawls.c %D%/cancel_asked.h %D%/api_call.c %D%/api_call.h
t_unit_check_crawls_CPPFLAGS = $(unit_cppflags) $(JSON_C_CFLAGS) -I$(srcdir)/%D%
t_unit_check_crawls_LDADD = fcgi/api/libapi.a $(unit_libs)
t_unit_check_knowledge_SOURCES = %D%/check_knowledge.c %D%/api_call.c %D%/api_call.h
t_unit_check_knowledge_CPPFLAGS = $(unit_cppflags) $(JSON_C_CFLAGS) -I$(srcdir)/%D%
t_unit_check_knowledge_LDADD = fcgi/api/libapi.a $(unit_libs)
t_unit_check_items_SOURCES = %D%/check_items.c %D%/cancel_asked.h %D%/api_call.c %D%/api_call.h
t_unit_check_items_CPPFLAGS = $(unit_cppflags) $(JSON_C_CFLAGS) -I$(srcdir)/%D%
t_unit_check_items_LDADD = fcgi/api/libapi.a $(unit_libs)
t_unit_check_mcp_logs_SOURCES = %D%/check_mcp_logs.c %D%/api_call.c %D%/api_call.h
t_unit_check_mcp_logs_CPPFLAGS = $(unit_cppflags) $(JSON_C_CFLAGS) -I$(srcdir)/%D%
t_unit_check_mcp_logs_LDADD = fcgi/api/libapi.a $(unit_libs)
t_unit_check_multipart_SOURCES = %D%/check_multipart.c
t_unit_check_multipart_CPPFLAGS = $(unit_cppflags)
t_unit_check_multipart_LDADD = fcgi/api/libapi.a $(unit_libs)

t_unit_check_gate_SOURCES = %D%/check_gate.c %D%/api_call.c %D%/api_call.h
t_unit_check_gate_CPPFLAGS = $(unit_cppflags) $(JSON_C_CFLAGS) -I$(srcdir)/%D%
t_unit_check_gate_LDADD = fcgi/api/libapi.a $(unit_libs)

if HAVE_CHECK
check_PROGRAMS += $(api_tests)
TESTS += $(api_tests)
endif
