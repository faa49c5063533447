# Is the right page found?  `make bench-search' asks; build for it without sanitizers.
check_PROGRAMS += t/search/sound
t_search_sound_SOURCES = %D%/sound.c
t_search_sound_LDADD = $(shared_libs)
