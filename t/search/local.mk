# Is the right page found?  `make bench-search' asks; build for it without sanitizers.
check_PROGRAMS += t/search/sound
t_search_sound_SOURCES = %D%/sound.c
t_search_sound_LDADD = $(shared_libs)

EXTRA_PROGRAMS += t/search/score t/search/million
CLEANFILES += t/search/score t/search/million
EXTRA_DIST += %D%/bench %D%/questions %D%/fresh %D%/fresh2 %D%/fresh3 %D%/fresh4 %D%/README
t_search_score_SOURCES = %D%/score.c
t_search_score_LDADD = $(shared_libs)

t_search_million_SOURCES = %D%/million.c
t_search_million_LDADD = $(shared_libs)

bench-search: programs t/search/score t/search/million
	$(AM_TESTS_ENVIRONMENT) $(SHELL) $(srcdir)/%D%/bench
.PHONY: bench-search
