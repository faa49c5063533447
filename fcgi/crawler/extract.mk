# HTML, Markdown and text to documents and chunks; no I/O in here.
noinst_LIBRARIES += fcgi/crawler/libextract.a
fcgi_crawler_libextract_a_CPPFLAGS = $(AM_CPPFLAGS) $(HTML_PARSER_CFLAGS)
fcgi_crawler_libextract_a_SOURCES = \
	%reldir%/arena.h \
	%reldir%/charset.c %reldir%/charset.h \
	%reldir%/chunk.c %reldir%/chunk.h \
	%reldir%/document.c %reldir%/document.h \
	%reldir%/dom.h %reldir%/dom_gumbo.h %reldir%/dom_piece.h %reldir%/dom_tree.h \
	%reldir%/extract.c \
	%reldir%/extract_text.c \
	%reldir%/html_inline.c \
	%reldir%/html_markdown.c %reldir%/html_markdown.h \
	%reldir%/html_table.c %reldir%/html_walk.h \
	%reldir%/links.c %reldir%/links.h \
	%reldir%/maincontent.c %reldir%/maincontent.h \
	%reldir%/markdown.c %reldir%/markdown.h \
	%reldir%/markup.c %reldir%/markup.h \
	%reldir%/markup_guard.c %reldir%/markup_guard.h \
	%reldir%/md_escape.c %reldir%/md_escape.h \
	%reldir%/md_lines.c %reldir%/md_lines.h \
	%reldir%/md_span.c %reldir%/md_span.h \
	%reldir%/pdf_text.c %reldir%/pdf_text.h \
	%reldir%/rst.c %reldir%/rst.h %reldir%/rst_directive.c %reldir%/rst_inline.c \
	%reldir%/preformatted.c %reldir%/preformatted.h \
	%reldir%/shorthand.h \
	%reldir%/words.h \
	%reldir%/xhtml.c %reldir%/xhtml.h \
	%reldir%/zip_part.c %reldir%/zip_part.h
EXTRA_DIST += %reldir%/dom_lexbor.c %reldir%/dom_myhtml.c \
	%reldir%/arena.c %reldir%/dom_gumbo.c %reldir%/dom_piece.c %reldir%/dom_tree.c %reldir%/shorthand.c
if HTML_LEXBOR
fcgi_crawler_libextract_a_SOURCES += %reldir%/dom_lexbor.c
endif
if HTML_MYHTML
fcgi_crawler_libextract_a_SOURCES += %reldir%/dom_myhtml.c
endif
if HTML_GUMBO
fcgi_crawler_libextract_a_SOURCES += %reldir%/arena.c %reldir%/dom_gumbo.c %reldir%/dom_piece.c %reldir%/dom_tree.c %reldir%/shorthand.c
endif

extract_libs = fcgi/crawler/libextract.a $(HTML_PARSER_LIBS)
