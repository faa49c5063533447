noinst_LIBRARIES += shared/libshared.a
shared_libshared_a_CPPFLAGS = $(AM_CPPFLAGS) $(FCGI_CFLAGS) $(JSON_C_CFLAGS) $(SQLITE_CFLAGS) $(NETTLE_CFLAGS) $(IDN2_CFLAGS) \
	-DARCHON_CONF='"$(sysconfdir)/$(PACKAGE)/archon.conf"'
shared_libshared_a_SOURCES = \
	%reldir%/access.c %reldir%/access.h \
	%reldir%/alike.c %reldir%/alike.h \
	%reldir%/catalogue.c %reldir%/catalogue.h \
	%reldir%/changecount.h \
	%reldir%/clock.c %reldir%/clock.h \
	%reldir%/conf.c %reldir%/conf.h \
	%reldir%/crawl_accept.c %reldir%/crawl_accept.h \
	%reldir%/crawl_params.c %reldir%/crawl_params.h \
	%reldir%/credential.c %reldir%/credential.h \
	%reldir%/cursor.h \
	%reldir%/daemon.c %reldir%/daemon.h \
	%reldir%/disk.c %reldir%/disk.h \
	%reldir%/embed_ask.c %reldir%/embed_ask.h \
	%reldir%/err.c %reldir%/err.h \
	%reldir%/fcgi_exchange.c %reldir%/fcgi_exchange.h \
	%reldir%/fcgi_peek.c %reldir%/fcgi_peek.h \
	%reldir%/fcgi_serve.c %reldir%/fcgi_serve.h \
	%reldir%/fuse.c %reldir%/fuse.h \
	%reldir%/guard.c %reldir%/guard.h \
	%reldir%/ids.c %reldir%/ids.h \
	%reldir%/journal.c %reldir%/journal.h \
	%reldir%/json_text.c %reldir%/json_text.h \
	%reldir%/knowledge.c %reldir%/knowledge.h \
	%reldir%/lexeme.c %reldir%/lexeme.h \
	%reldir%/log.c %reldir%/log.h \
	%reldir%/mcp_state.c %reldir%/mcp_state.h \
	%reldir%/mcp_tools.c %reldir%/mcp_tools.h \
	%reldir%/meters.c %reldir%/meters.h \
	%reldir%/message.c %reldir%/message.h \
	%reldir%/outcome.h \
	%reldir%/params_secret.c %reldir%/params_secret.h \
	%reldir%/plain.c %reldir%/plain.h \
	%reldir%/progress_row.c %reldir%/progress_row.h \
	%reldir%/revoked.c %reldir%/revoked.h \
	%reldir%/ring.c %reldir%/ring.h \
	%reldir%/reply.c \
	%reldir%/refusal.c %reldir%/refusal.h \
	%reldir%/responder.c %reldir%/responder.h \
	%reldir%/restore.c %reldir%/restore.h \
	%reldir%/route.c %reldir%/route.h \
	%reldir%/row_claim.c %reldir%/row_claim.h \
	%reldir%/service.c %reldir%/service.h \
	%reldir%/slice.h \
	%reldir%/snapshots.c %reldir%/snapshots.h \
	%reldir%/store.c %reldir%/store.h \
	%reldir%/store_contents.c \
	%reldir%/store_copy.c \
	%reldir%/store_dump.c \
	%reldir%/store_crawls.c \
	%reldir%/store_pages.c \
	%reldir%/store_find.c %reldir%/store_find.h \
	%reldir%/store_index.c \
	%reldir%/store_names.c \
	%reldir%/store_query.c \
	%reldir%/store_rank.c %reldir%/store_rank.h \
	%reldir%/store_refresh.c \
	%reldir%/store_schema.c \
	%reldir%/store_search.c \
	%reldir%/store_search_code.c \
	%reldir%/store_snippet.c \
	%reldir%/store_sources.c \
	%reldir%/store_sql.h \
	%reldir%/store_tokenize.c \
	%reldir%/store_tokens.c %reldir%/store_tokens.h \
	%reldir%/store_upkeep.c \
	%reldir%/store_vectors.c \
	%reldir%/table.c %reldir%/table.h \
	%reldir%/table_counters.c \
	%reldir%/table_consumers.c \
	%reldir%/table_layout.h \
	%reldir%/text.c %reldir%/text.h \
	%reldir%/trace.h \
	%reldir%/upload.c %reldir%/upload.h \
	%reldir%/upload_accept.c %reldir%/upload_accept.h \
	%reldir%/url.c %reldir%/url.h \
	%reldir%/vector.c %reldir%/vector.h \
	%reldir%/wake_bridge.c %reldir%/wake_bridge.h \
	%reldir%/wakeup.c %reldir%/wakeup.h \
	%reldir%/ws_frame.c %reldir%/ws_frame.h

shared_libs = shared/libshared.a $(JSON_C_LIBS) $(SQLITE_LIBS) $(NETTLE_LIBS) $(IDN2_LIBS)
