# The relay: bytes first, then conns over socketpairs with a real table.
relay_tests = t/unit/check_ws_frame t/unit/check_ws_handshake t/unit/check_ws_in \
	t/unit/check_timers t/unit/check_relay t/unit/check_relay_time t/unit/check_relay_ways \
	t/unit/check_relay_upgrade t/unit/check_handover t/unit/check_relay_logs \
	t/unit/check_conformance t/unit/check_relay_limits t/unit/check_grants
relay_rig = %D%/relay_peer.c %D%/relay_peer.h %D%/relay_fixture.h
t_unit_check_ws_frame_SOURCES = %D%/check_ws_frame.c
t_unit_check_ws_frame_CPPFLAGS = $(unit_cppflags)
t_unit_check_ws_frame_LDADD = $(unit_libs)
t_unit_check_ws_handshake_SOURCES = %D%/check_ws_handshake.c
t_unit_check_ws_handshake_CPPFLAGS = $(unit_cppflags)
t_unit_check_ws_handshake_LDADD = $(relay_libs) $(unit_libs)
t_unit_check_ws_in_SOURCES = %D%/check_ws_in.c
t_unit_check_ws_in_CPPFLAGS = $(unit_cppflags)
t_unit_check_ws_in_LDADD = $(relay_libs) $(unit_libs)
t_unit_check_timers_SOURCES = %D%/check_timers.c
t_unit_check_timers_CPPFLAGS = $(unit_cppflags)
t_unit_check_timers_LDADD = $(relay_libs) $(unit_libs)
t_unit_check_relay_SOURCES = %D%/check_relay.c $(relay_rig)
t_unit_check_relay_CPPFLAGS = $(unit_cppflags)
t_unit_check_relay_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
t_unit_check_relay_LDADD = $(relay_libs) $(unit_libs)
t_unit_check_relay_time_SOURCES = %D%/check_relay_time.c $(relay_rig)
t_unit_check_relay_time_CPPFLAGS = $(unit_cppflags)
t_unit_check_relay_time_LDFLAGS = $(t_unit_check_relay_LDFLAGS)
t_unit_check_relay_time_LDADD = $(relay_libs) $(unit_libs)
t_unit_check_relay_ways_SOURCES = %D%/check_relay_ways.c $(relay_rig)
t_unit_check_relay_ways_CPPFLAGS = $(unit_cppflags)
t_unit_check_relay_ways_LDFLAGS = $(t_unit_check_relay_LDFLAGS) -Wl,--wrap=deflate_frame
t_unit_check_relay_ways_LDADD = $(relay_libs) $(unit_libs)
t_unit_check_relay_upgrade_SOURCES = %D%/check_relay_upgrade.c $(relay_rig)
t_unit_check_relay_upgrade_CPPFLAGS = $(unit_cppflags)
t_unit_check_relay_upgrade_LDFLAGS = $(t_unit_check_relay_LDFLAGS)
t_unit_check_relay_upgrade_LDADD = $(relay_libs) $(unit_libs)
t_unit_check_handover_SOURCES = %D%/check_handover.c $(relay_rig)
t_unit_check_handover_CPPFLAGS = $(unit_cppflags)
t_unit_check_handover_LDFLAGS = $(t_unit_check_relay_LDFLAGS)
t_unit_check_handover_LDADD = $(relay_libs) $(unit_libs)
t_unit_check_relay_logs_SOURCES = %D%/check_relay_logs.c $(relay_rig)
t_unit_check_relay_logs_CPPFLAGS = $(unit_cppflags)
t_unit_check_relay_logs_LDFLAGS = $(t_unit_check_relay_LDFLAGS)
t_unit_check_relay_logs_LDADD = $(relay_libs) $(unit_libs)
t_unit_check_conformance_SOURCES = %D%/check_conformance.c t/echo_stream.c t/echo_stream.h
t_unit_check_conformance_CPPFLAGS = $(unit_cppflags)
t_unit_check_conformance_LDADD = $(relay_libs) $(unit_libs)

t_unit_check_relay_limits_SOURCES = %D%/check_relay_limits.c $(relay_rig)
t_unit_check_relay_limits_CPPFLAGS = $(unit_cppflags)
t_unit_check_relay_limits_LDFLAGS = $(t_unit_check_relay_LDFLAGS)
t_unit_check_relay_limits_LDADD = $(relay_libs) $(unit_libs)

t_unit_check_grants_SOURCES = %D%/check_grants.c $(relay_rig)
t_unit_check_grants_CPPFLAGS = $(unit_cppflags)
t_unit_check_grants_LDFLAGS = $(t_unit_check_relay_LDFLAGS)
t_unit_check_grants_LDADD = $(relay_libs) $(unit_libs)

# For conformance suites: see its head.
check_PROGRAMS += t/ws_echo
t_ws_echo_SOURCES = t/ws_echo.c t/echo_stream.c t/echo_stream.h
t_ws_echo_LDADD = $(relay_libs) $(shared_libs)

if HAVE_CHECK
check_PROGRAMS += $(relay_tests)
TESTS += $(relay_tests)
endif

include t/fuzz/relay.mk
