# shared/: what every room stands on.
shared_tests = \
	t/unit/check_progress_row \
	t/unit/check_wakeup \
	t/unit/check_ring \
	t/unit/check_catalogue \
	t/unit/check_revoked \
	t/unit/check_table \
	t/unit/check_table_crash \
	t/unit/check_table_file \
	t/unit/check_store \
	t/unit/check_store_crash t/unit/check_store_refresh \
	t/unit/check_store_sources t/unit/check_store_delete \
	t/unit/check_store_upgrade \
	t/unit/check_store_restore \
	t/unit/check_restore \
	t/unit/check_access \
	t/unit/check_conf \
	t/unit/check_alike \
	t/unit/check_lexeme \
	t/unit/check_search t/unit/check_snippet \
	t/unit/check_crawl_params \
	t/unit/check_message \
	t/unit/check_daemon \
	t/unit/check_journal \
	t/unit/check_no_memory

t_unit_check_progress_row_SOURCES = %D%/check_progress_row.c
t_unit_check_progress_row_CPPFLAGS = $(unit_cppflags)
t_unit_check_progress_row_LDADD = $(unit_libs)

t_unit_check_journal_SOURCES = %D%/check_journal.c
t_unit_check_journal_CPPFLAGS = $(unit_cppflags)
t_unit_check_journal_LDADD = $(unit_libs)

t_unit_check_wakeup_SOURCES = %D%/check_wakeup.c %D%/scratch.h
t_unit_check_wakeup_CPPFLAGS = $(unit_cppflags)
t_unit_check_wakeup_LDADD = $(unit_libs)

t_unit_check_ring_SOURCES = %D%/check_ring.c %D%/scratch.h %D%/table_fixture.h
t_unit_check_ring_CPPFLAGS = $(unit_cppflags)
t_unit_check_ring_LDADD = $(unit_libs)

t_unit_check_catalogue_SOURCES = %D%/check_catalogue.c %D%/scratch.h %D%/table_fixture.h
t_unit_check_catalogue_CPPFLAGS = $(unit_cppflags) $(JSON_C_CFLAGS)
t_unit_check_catalogue_LDADD = $(unit_libs)

t_unit_check_revoked_SOURCES = %D%/check_revoked.c %D%/scratch.h %D%/table_fixture.h
t_unit_check_revoked_CPPFLAGS = $(unit_cppflags)
t_unit_check_revoked_LDADD = $(unit_libs)

t_unit_check_table_SOURCES = %D%/check_table.c %D%/scratch.h %D%/table_fixture.h
t_unit_check_table_CPPFLAGS = $(unit_cppflags)
t_unit_check_table_LDADD = $(unit_libs)

t_unit_check_table_crash_SOURCES = %D%/check_table_crash.c %D%/scratch.h %D%/table_fixture.h
t_unit_check_table_crash_CPPFLAGS = $(unit_cppflags)
t_unit_check_table_crash_LDADD = $(unit_libs)

t_unit_check_table_file_SOURCES = %D%/check_table_file.c %D%/scratch.h
t_unit_check_table_file_CPPFLAGS = $(unit_cppflags)
t_unit_check_table_file_LDADD = $(unit_libs)

t_unit_check_store_SOURCES = %D%/check_store.c %D%/cancel_asked.h %D%/scratch.h %D%/store_fixture.h
t_unit_check_store_CPPFLAGS = $(unit_cppflags)
t_unit_check_store_LDADD = $(unit_libs)

t_unit_check_store_sources_SOURCES = %D%/check_store_sources.c %D%/cancel_asked.h %D%/scratch.h %D%/store_fixture.h
t_unit_check_store_sources_CPPFLAGS = $(unit_cppflags)
t_unit_check_store_sources_LDADD = $(unit_libs)

t_unit_check_store_refresh_SOURCES = %D%/check_store_refresh.c %D%/scratch.h %D%/store_fixture.h
t_unit_check_store_refresh_CPPFLAGS = $(unit_cppflags)
t_unit_check_store_refresh_LDADD = $(unit_libs)

t_unit_check_store_crash_SOURCES = %D%/check_store_crash.c %D%/scratch.h %D%/store_behind.h %D%/store_fixture.h
t_unit_check_store_crash_CPPFLAGS = $(unit_cppflags) $(SQLITE_CFLAGS)
t_unit_check_store_crash_LDADD = $(unit_libs)

t_unit_check_store_delete_SOURCES = %D%/check_store_delete.c %D%/scratch.h %D%/store_fixture.h
t_unit_check_store_delete_CPPFLAGS = $(unit_cppflags)
t_unit_check_store_delete_LDADD = $(unit_libs)

t_unit_check_store_upgrade_SOURCES = %D%/check_store_upgrade.c %D%/scratch.h %D%/store_behind.h %D%/store_fixture.h
t_unit_check_store_upgrade_CPPFLAGS = $(unit_cppflags) $(SQLITE_CFLAGS)
t_unit_check_store_upgrade_LDADD = $(unit_libs)

t_unit_check_store_restore_SOURCES = %D%/check_store_restore.c %D%/scratch.h %D%/store_behind.h %D%/store_fixture.h
t_unit_check_store_restore_CPPFLAGS = $(unit_cppflags) $(SQLITE_CFLAGS)
t_unit_check_store_restore_LDADD = $(unit_libs)

t_unit_check_restore_SOURCES = %D%/check_restore.c %D%/scratch.h %D%/store_fixture.h
t_unit_check_restore_CPPFLAGS = $(unit_cppflags)
t_unit_check_restore_LDADD = $(unit_libs)

t_unit_check_access_SOURCES = %D%/check_access.c %D%/scratch.h
t_unit_check_access_CPPFLAGS = $(unit_cppflags)
t_unit_check_access_LDADD = $(unit_libs)

t_unit_check_conf_SOURCES = %D%/check_conf.c %D%/scratch.h
t_unit_check_conf_CPPFLAGS = $(unit_cppflags)
t_unit_check_conf_LDADD = $(unit_libs)

t_unit_check_crawl_params_SOURCES = %D%/check_crawl_params.c
t_unit_check_crawl_params_CPPFLAGS = $(unit_cppflags) $(JSON_C_CFLAGS)
t_unit_check_crawl_params_LDADD = $(unit_libs)

t_unit_check_message_SOURCES = %D%/check_message.c
t_unit_check_message_CPPFLAGS = $(unit_cppflags) $(JSON_C_CFLAGS)
t_unit_check_message_LDADD = $(unit_libs)

t_unit_check_daemon_SOURCES = %D%/check_daemon.c %D%/scratch.h
t_unit_check_daemon_CPPFLAGS = $(unit_cppflags)
t_unit_check_daemon_LDADD = $(unit_libs)

t_unit_check_search_SOURCES = %D%/check_search.c %D%/scratch.h %D%/search_fixture.h %D%/store_fixture.h
t_unit_check_search_CPPFLAGS = $(unit_cppflags)
t_unit_check_search_LDADD = $(unit_libs)

t_unit_check_snippet_SOURCES = %D%/check_snippet.c %D%/scratch.h %D%/search_fixture.h %D%/store_fixture.h
t_unit_check_snippet_CPPFLAGS = $(unit_cppflags)
t_unit_check_snippet_LDADD = $(unit_libs)

t_unit_check_alike_SOURCES = %D%/check_alike.c
t_unit_check_alike_CPPFLAGS = $(unit_cppflags)
t_unit_check_alike_LDADD = $(unit_libs)
t_unit_check_lexeme_SOURCES = %D%/check_lexeme.c
t_unit_check_lexeme_CPPFLAGS = $(unit_cppflags)
t_unit_check_lexeme_LDADD = $(unit_libs)

t_unit_check_no_memory_SOURCES = %D%/check_no_memory.c %D%/scratch.h %D%/fail_malloc.h
t_unit_check_no_memory_CPPFLAGS = $(unit_cppflags)
t_unit_check_no_memory_LDADD = $(unit_libs)

EXTRA_DIST += t/data/store-1.sql t/data/store-2.sql t/data/store-3.sql t/data/store-4.sql \
	t/data/store-5.sql t/data/store-6.sql t/data/store-7.sql t/data/store-8.sql \
	t/data/store-9.sql t/data/store-10.sql

include t/fuzz/shared.mk

if HAVE_CHECK
check_PROGRAMS += $(shared_tests)
TESTS += $(shared_tests)
endif
