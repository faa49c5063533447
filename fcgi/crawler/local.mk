# archon-crawler: what it fetches with and what it keeps.  extract.mk: what it
# makes of a page.
noinst_LIBRARIES += fcgi/crawler/libcrawler.a
fcgi_crawler_libcrawler_a_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) $(JSON_C_CFLAGS) $(ZLIB_CFLAGS)
fcgi_crawler_libcrawler_a_SOURCES = \
	%reldir%/crawl.c %reldir%/crawl.h \
	%reldir%/crawl_fetch.c \
	%reldir%/convert.c %reldir%/convert.h \
	%reldir%/convert_child.c %reldir%/convert_child.h \
	%reldir%/crawl_embed.c \
	%reldir%/crawl_upload.c \
	%reldir%/uploads.c %reldir%/uploads.h \
	%reldir%/crawl_keep.c \
	%reldir%/crawler.c %reldir%/crawler.h \
	%reldir%/digest.c %reldir%/digest.h \
	%reldir%/embed.c %reldir%/embed.h \
	%reldir%/embed_client.c %reldir%/embed_client.h \
	%reldir%/embed_reply.c %reldir%/embed_reply.h \
	%reldir%/fetch.c %reldir%/fetch.h \
	%reldir%/frontier.c %reldir%/frontier.h \
	%reldir%/host.c %reldir%/host.h \
	%reldir%/kind.c %reldir%/kind.h \
	%reldir%/link_header.c %reldir%/link_header.h \
	%reldir%/parcel.c %reldir%/parcel.h \
	%reldir%/pipeline.c %reldir%/pipeline.h \
	%reldir%/progress.c %reldir%/progress.h \
	%reldir%/robots.c %reldir%/robots.h \
	%reldir%/schedule.c %reldir%/schedule.h \
	%reldir%/scope.c %reldir%/scope.h \
	%reldir%/sitemap.c %reldir%/sitemap.h \
	%reldir%/spool.c %reldir%/spool.h \
	%reldir%/trap.c %reldir%/trap.h \
	%reldir%/writer.c %reldir%/writer.h

include %D%/extract.mk

crawler_libs = fcgi/crawler/libcrawler.a $(extract_libs) $(shared_libs) \
	$(CURL_LIBS) $(ZLIB_LIBS)

pkglibexec_PROGRAMS += fcgi/crawler/archon-crawler
fcgi_crawler_archon_crawler_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS)
fcgi_crawler_archon_crawler_SOURCES = %reldir%/crawler_main.c
fcgi_crawler_archon_crawler_LDADD = $(crawler_libs)

# The shut-in reader of uploads: it lies where archon-crawler does.
pkglibexec_PROGRAMS += fcgi/crawler/archon-convert
fcgi_crawler_archon_convert_CPPFLAGS = $(AM_CPPFLAGS) $(EXPAT_CFLAGS) $(ZLIB_CFLAGS)
fcgi_crawler_archon_convert_SOURCES = %reldir%/convert_main.c \
	%reldir%/docx.c %reldir%/docx.h %reldir%/docx_style.c %reldir%/docx_style.h \
	%reldir%/sandbox.c %reldir%/sandbox.h
fcgi_crawler_archon_convert_LDADD = fcgi/crawler/libextract.a shared/libshared.a $(EXPAT_LIBS) $(ZLIB_LIBS)
