bin_PROGRAMS += fcgi/ctl/archonctl
noinst_LIBRARIES += fcgi/ctl/libctl.a

fcgi_ctl_libctl_a_CPPFLAGS = $(AM_CPPFLAGS) $(JSON_C_CFLAGS) $(CURL_CFLAGS)
fcgi_ctl_libctl_a_SOURCES = \
	%reldir%/bar.c %reldir%/bar.h \
	%reldir%/cmd_ask.c \
	%reldir%/cmd_crawl.c \
	%reldir%/cmd_doctor.c \
	%reldir%/cmd_export.c \
	%reldir%/cmd_import.c \
	%reldir%/cmd_items.c \
	%reldir%/cmd_logs.c \
	%reldir%/cmd_logs_run.c \
	%reldir%/cmd_search.c \
	%reldir%/cmd_stat.c \
	%reldir%/cmd_steer.c \
	%reldir%/cmd_store.c \
	%reldir%/cmd_token.c \
	%reldir%/cmd_top.c \
	%reldir%/cmd_upload.c \
	%reldir%/cmd_watch_raw.c \
	%reldir%/ctl.h \
	%reldir%/doctor.c %reldir%/doctor.h \
	%reldir%/follow.c %reldir%/follow.h \
	%reldir%/http.c %reldir%/http.h \
	%reldir%/log_feed.c %reldir%/log_feed.h \
	%reldir%/log_line.c %reldir%/log_line.h \
	%reldir%/options.c %reldir%/options.h \
	%reldir%/screen.c %reldir%/screen.h \
	%reldir%/snapshot.c %reldir%/snapshot.h \
	%reldir%/stat_live.c %reldir%/stat_live.h \
	%reldir%/top_draw.c %reldir%/top_sample.c %reldir%/top_sample.h \
	%reldir%/ws_client.c %reldir%/ws_client.h

fcgi_ctl_archonctl_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) -DARCHON_CONF='"$(sysconfdir)/$(PACKAGE)/archon.conf"'
fcgi_ctl_archonctl_SOURCES = %reldir%/ctl_main.c
fcgi_ctl_archonctl_LDADD = fcgi/ctl/libctl.a $(shared_libs) $(CURL_LIBS)
