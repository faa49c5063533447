# URLs and the crawler: what it takes from the network is tested hardest.
crawler_tests = t/unit/check_url t/unit/check_robots t/unit/check_sitemap t/unit/check_scope \
	t/unit/check_crawler t/unit/check_embed t/unit/check_fetch t/unit/check_link_header t/unit/check_manners t/unit/check_progress \
	t/unit/check_sandbox t/unit/check_spool
t_unit_check_url_SOURCES = %D%/check_url.c
t_unit_check_url_CPPFLAGS = $(unit_cppflags)
t_unit_check_url_LDADD = $(unit_libs)
t_unit_check_robots_SOURCES = %D%/check_robots.c
t_unit_check_robots_CPPFLAGS = $(unit_cppflags)
t_unit_check_robots_LDADD = fcgi/crawler/libcrawler.a $(unit_libs)
t_unit_check_sitemap_SOURCES = %D%/check_sitemap.c
t_unit_check_sitemap_CPPFLAGS = $(unit_cppflags) $(ZLIB_CFLAGS)
t_unit_check_sitemap_LDADD = fcgi/crawler/libcrawler.a $(unit_libs) $(ZLIB_LIBS)
t_unit_check_scope_SOURCES = %D%/check_scope.c
t_unit_check_scope_CPPFLAGS = $(unit_cppflags)
t_unit_check_scope_LDADD = fcgi/crawler/libcrawler.a $(unit_libs)
crawl_fixture = %D%/crawl_fixture.c %D%/crawl_fixture.h %D%/scratch.h %D%/site.c %D%/site.h
t_unit_check_embed_SOURCES = %D%/check_embed.c %D%/scratch.h %D%/store_fixture.h
t_unit_check_embed_CPPFLAGS = $(unit_cppflags)
t_unit_check_embed_LDADD = fcgi/crawler/libcrawler.a $(unit_libs)
t_unit_check_crawler_SOURCES = %D%/check_crawler.c $(crawl_fixture)
t_unit_check_crawler_CPPFLAGS = $(unit_cppflags) $(CURL_CFLAGS)
t_unit_check_crawler_LDADD = $(crawler_libs) $(CHECK_LIBS)
t_unit_check_fetch_SOURCES = %D%/check_fetch.c %D%/site.c %D%/site.h
t_unit_check_fetch_CPPFLAGS = $(unit_cppflags) $(CURL_CFLAGS)
t_unit_check_fetch_LDADD = $(crawler_libs) $(CHECK_LIBS)
t_unit_check_link_header_SOURCES = %D%/check_link_header.c
t_unit_check_link_header_CPPFLAGS = $(unit_cppflags)
t_unit_check_link_header_LDADD = fcgi/crawler/libcrawler.a $(unit_libs)
t_unit_check_progress_SOURCES = %D%/check_progress.c
t_unit_check_progress_CPPFLAGS = $(unit_cppflags)
t_unit_check_progress_LDADD = fcgi/crawler/libcrawler.a $(unit_libs)
t_unit_check_sandbox_SOURCES = %D%/check_sandbox.c fcgi/crawler/sandbox.c
t_unit_check_sandbox_CPPFLAGS = $(unit_cppflags)
t_unit_check_sandbox_LDADD = $(CHECK_LIBS)
t_unit_check_spool_SOURCES = %D%/check_spool.c %D%/scratch.h
t_unit_check_spool_CPPFLAGS = $(unit_cppflags)
t_unit_check_spool_LDADD = fcgi/crawler/libcrawler.a $(unit_libs) $(ZLIB_LIBS)
t_unit_check_manners_SOURCES = %D%/check_manners.c $(crawl_fixture)
t_unit_check_manners_CPPFLAGS = $(unit_cppflags) $(CURL_CFLAGS)
t_unit_check_manners_LDADD = $(crawler_libs) $(CHECK_LIBS)

if HAVE_CHECK
check_PROGRAMS += $(crawler_tests)
TESTS += $(crawler_tests)
endif

include t/fuzz/crawler.mk
