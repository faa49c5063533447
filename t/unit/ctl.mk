# archonctl's insides.
ctl_tests = t/unit/check_ctl_options t/unit/check_doctor t/unit/check_ctl_snapshot t/unit/check_ws_client t/unit/check_log_line
ctl_test_cppflags = $(unit_cppflags) $(JSON_C_CFLAGS) $(CURL_CFLAGS)
ctl_test_ldadd = fcgi/ctl/libctl.a $(unit_libs) $(CURL_LIBS)

t_unit_check_ctl_options_SOURCES = %D%/check_ctl_options.c
t_unit_check_ctl_options_CPPFLAGS = $(ctl_test_cppflags)
t_unit_check_ctl_options_LDADD = $(ctl_test_ldadd)
t_unit_check_doctor_SOURCES = %D%/check_doctor.c
t_unit_check_doctor_CPPFLAGS = $(ctl_test_cppflags)
t_unit_check_doctor_LDADD = $(ctl_test_ldadd)
t_unit_check_ctl_snapshot_SOURCES = %D%/check_ctl_snapshot.c
t_unit_check_ctl_snapshot_CPPFLAGS = $(ctl_test_cppflags)
t_unit_check_ctl_snapshot_LDADD = $(ctl_test_ldadd)
t_unit_check_ws_client_SOURCES = %D%/check_ws_client.c
t_unit_check_ws_client_CPPFLAGS = $(ctl_test_cppflags)
t_unit_check_ws_client_LDADD = $(ctl_test_ldadd)
t_unit_check_log_line_SOURCES = %D%/check_log_line.c
t_unit_check_log_line_CPPFLAGS = $(ctl_test_cppflags)
t_unit_check_log_line_LDADD = $(ctl_test_ldadd)

if HAVE_CHECK
check_PROGRAMS += $(ctl_tests)
TESTS += $(ctl_tests)
endif
