# All of the relay but main() is a library, so that unit tests link the insides.
relay_libs = fcgi/relay/librelay.a $(ZLIB_LIBS)
noinst_LIBRARIES += fcgi/relay/librelay.a
fcgi_relay_librelay_a_CPPFLAGS = $(AM_CPPFLAGS) $(JSON_C_CFLAGS) $(ZLIB_CFLAGS)
fcgi_relay_librelay_a_SOURCES = \
	%reldir%/addresses.c %reldir%/addresses.h \
	%reldir%/asked.c %reldir%/asked.h \
	%reldir%/audience.c %reldir%/audience.h \
	%reldir%/conn.c %reldir%/conn.h \
	%reldir%/conn_due.c \
	%reldir%/conn_request.c \
	%reldir%/conn_steps.c \
	%reldir%/counters.c %reldir%/counters.h \
	%reldir%/crawls_stream.c %reldir%/crawls_stream.h \
	%reldir%/deflate.c %reldir%/deflate.h \
	%reldir%/follow.c %reldir%/follow.h \
	%reldir%/frame.c %reldir%/frame.h \
	%reldir%/grants.c %reldir%/grants.h \
	%reldir%/handover.c %reldir%/handover.h %reldir%/handover_layout.h \
	%reldir%/http_head.c %reldir%/http_head.h \
	%reldir%/items.c %reldir%/items.h \
	%reldir%/items_stream.c %reldir%/items_stream.h \
	%reldir%/live.c %reldir%/live.h \
	%reldir%/logs.c %reldir%/logs.h \
	%reldir%/logs_stream.c %reldir%/logs_stream.h \
	%reldir%/loop.c %reldir%/loop.h \
	%reldir%/progress_stream.c %reldir%/progress_stream.h \
	%reldir%/relay.c %reldir%/relay.h \
	%reldir%/server.c %reldir%/server.h \
	%reldir%/stream.h \
	%reldir%/tape.c %reldir%/tape.h \
	%reldir%/timers.c %reldir%/timers.h \
	%reldir%/topic.c %reldir%/topic.h \
	%reldir%/upgrade.c %reldir%/upgrade.h \
	%reldir%/wire.c %reldir%/wire.h \
	%reldir%/workers.c %reldir%/workers.h \
	%reldir%/ws_handshake.c %reldir%/ws_handshake.h \
	%reldir%/ws_in.c %reldir%/ws_in.h

pkglibexec_PROGRAMS += fcgi/relay/archon-relay
fcgi_relay_archon_relay_SOURCES = %reldir%/relay_main.c
fcgi_relay_archon_relay_LDADD = $(relay_libs) $(shared_libs)
