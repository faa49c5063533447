# Benches: never part of `make check'.  `make bench' runs them all; build for
# it without sanitizers.  Each prints its floor, measured in the same run.
bench_programs = t/bench/latency t/bench/fanout t/bench/fetch t/bench/delay t/bench/delete t/bench/parse t/bench/trivial
bench_scripts = %D%/live %D%/crawl %D%/http %D%/page %D%/busy %D%/memory
EXTRA_PROGRAMS += $(bench_programs)
EXTRA_DIST += $(bench_scripts) %D%/ask %D%/scrapy_spider.py

bench_rig = %D%/rig.c %D%/rig.h %D%/floor.c
bench_crowd = %D%/crowd.c %D%/crowd.h
bench_search = %D%/search.c %D%/search.h
t_bench_latency_SOURCES = %D%/latency.c $(bench_rig) $(bench_crowd)
t_bench_latency_LDADD = $(shared_libs)
t_bench_fanout_SOURCES = %D%/fanout.c $(bench_rig) $(bench_crowd) $(bench_search)
t_bench_fanout_LDADD = $(shared_libs) -lm
t_bench_fetch_SOURCES = %D%/fetch.c $(bench_rig)
t_bench_fetch_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS)
t_bench_fetch_LDADD = $(shared_libs) $(CURL_LIBS)
t_bench_delay_SOURCES = %D%/delay.c $(bench_rig)
t_bench_delay_LDADD = $(shared_libs)

t_bench_delete_SOURCES = %D%/delete.c
t_bench_delete_LDADD = $(shared_libs)

CLEANFILES += $(bench_programs)

bench-programs: $(bench_programs)
bench: programs bench-programs t/badsite$(EXEEXT)
	$(AM_TESTS_ENVIRONMENT) $(SHELL) $(srcdir)/%D%/live $(BENCH_FLAGS)
	$(AM_TESTS_ENVIRONMENT) $(SHELL) $(srcdir)/%D%/crawl $(BENCH_FLAGS)
	$(AM_TESTS_ENVIRONMENT) $(SHELL) $(srcdir)/%D%/busy
	$(AM_TESTS_ENVIRONMENT) $(SHELL) $(srcdir)/%D%/memory
	$(AM_TESTS_ENVIRONMENT) $(SHELL) $(srcdir)/%D%/http
	t/bench/delete
bench-page: programs
	$(AM_TESTS_ENVIRONMENT) $(SHELL) $(srcdir)/%D%/page
.PHONY: bench bench-page bench-programs
t_bench_parse_SOURCES = %D%/parse.c
t_bench_parse_CPPFLAGS = $(AM_CPPFLAGS) $(HTML_PARSER_CFLAGS)
t_bench_parse_LDADD = $(extract_libs) $(shared_libs)
t_bench_trivial_SOURCES = %D%/trivial.c
t_bench_trivial_CPPFLAGS = $(AM_CPPFLAGS) $(FCGI_CFLAGS)
t_bench_trivial_LDADD = $(shared_libs) $(FCGI_LIBS)
