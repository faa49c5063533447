# What the crawler takes from sites; see the head of each.
EXTRA_PROGRAMS += t/fuzz/fuzz_url t/fuzz/fuzz_robots t/fuzz/fuzz_sitemap t/fuzz/fuzz_embed_reply
t_fuzz_fuzz_url_SOURCES = %D%/fuzz_url.c shared/url.c fcgi/crawler/scope.c fcgi/crawler/trap.c
t_fuzz_fuzz_url_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
t_fuzz_fuzz_url_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
t_fuzz_fuzz_url_LDADD = $(shared_libs)
t_fuzz_fuzz_robots_SOURCES = %D%/fuzz_robots.c fcgi/crawler/link_header.c fcgi/crawler/robots.c
t_fuzz_fuzz_robots_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
t_fuzz_fuzz_robots_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
t_fuzz_fuzz_robots_LDADD = $(shared_libs)
t_fuzz_fuzz_sitemap_SOURCES = %D%/fuzz_sitemap.c fcgi/crawler/sitemap.c fcgi/crawler/kind.c
t_fuzz_fuzz_sitemap_CPPFLAGS = $(AM_CPPFLAGS) $(ZLIB_CFLAGS)
t_fuzz_fuzz_sitemap_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
t_fuzz_fuzz_sitemap_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
t_fuzz_fuzz_sitemap_LDADD = $(shared_libs) $(ZLIB_LIBS)
t_fuzz_fuzz_embed_reply_SOURCES = %D%/fuzz_embed_reply.c fcgi/crawler/embed_reply.c
t_fuzz_fuzz_embed_reply_CPPFLAGS = $(AM_CPPFLAGS) $(JSON_C_CFLAGS)
t_fuzz_fuzz_embed_reply_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
t_fuzz_fuzz_embed_reply_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
t_fuzz_fuzz_embed_reply_LDADD = $(shared_libs)

EXTRA_DIST += \
	%D%/embed_reply/error %D%/embed_reply/two %D%/robots/groups %D%/sitemap/gzip %D%/sitemap/index %D%/sitemap/list \
	%D%/sitemap/urlset %D%/url/hosts %D%/url/relative %D%/url/slashes
