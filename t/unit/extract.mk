if HAVE_CHECK
extract_tests = t/unit/check_charset t/unit/check_chunk t/unit/check_extract t/unit/check_markdown t/unit/check_xhtml
unit_tests += $(extract_tests)
check_PROGRAMS += $(extract_tests)
TESTS += $(extract_tests)

t_unit_check_charset_SOURCES = %D%/check_charset.c
t_unit_check_charset_CPPFLAGS = $(unit_cppflags)
t_unit_check_charset_LDADD = $(extract_libs) $(unit_libs)
t_unit_check_chunk_SOURCES = %D%/check_chunk.c
t_unit_check_chunk_CPPFLAGS = $(unit_cppflags)
t_unit_check_chunk_LDADD = $(extract_libs) $(unit_libs)
t_unit_check_extract_SOURCES = %D%/check_extract.c
t_unit_check_extract_CPPFLAGS = $(unit_cppflags)
t_unit_check_extract_LDADD = $(extract_libs) $(unit_libs)
t_unit_check_markdown_SOURCES = %D%/check_markdown.c
t_unit_check_markdown_CPPFLAGS = $(unit_cppflags)
t_unit_check_markdown_LDADD = $(extract_libs) $(unit_libs)
t_unit_check_xhtml_SOURCES = %D%/check_xhtml.c
t_unit_check_xhtml_CPPFLAGS = $(unit_cppflags)
t_unit_check_xhtml_LDADD = $(extract_libs) $(unit_libs)
if HTML_GUMBO
check_PROGRAMS += t/unit/check_dom
TESTS += t/unit/check_dom
endif
t_unit_check_dom_SOURCES = %D%/check_dom.c %D%/dom_twin.h
t_unit_check_dom_CPPFLAGS = $(unit_cppflags) $(HTML_PARSER_CFLAGS)
t_unit_check_dom_LDADD = $(extract_libs) $(unit_libs)
endif

t_unit_check_upload_SOURCES = %D%/check_upload.c %D%/scratch.h
t_unit_check_upload_CPPFLAGS = $(unit_cppflags)
t_unit_check_upload_LDADD = fcgi/crawler/libextract.a $(unit_libs)
if HAVE_CHECK
check_PROGRAMS += t/unit/check_upload
TESTS += t/unit/check_upload
endif

# Golden pages: NAME.html and the Markdown it becomes, by hand.
extract_golden = \
	antora asciidoctor docbook docbook-chapter docbook-refentry docusaurus docusaurus-tabs doxygen \
	doxygen-class doxygen-page github-readme gtk-doc hugo-docsy javadoc javadoc17 javadoc8 \
	jekyll-kramdown jsdoc lua-manual mandoc mdbook mdbook-code mediawiki mkdocs mkdocs-readthedocs \
	mkdocs-tabs mkdocstrings nginx-docs pandoc php-manual pkgsite plain rustdoc rustdoc-module \
	rustdoc-trait sphinx sphinx-autodoc sphinx-furo sphinx-old sphinx-pydata sphinx-rtd starlight \
	texinfo vitepress wordpress yard
EXTRA_DIST += $(extract_golden:%=t/data/extract/%.html) $(extract_golden:%=t/data/extract/%.md) \
	t/fuzz/fuzz_rst.c t/fuzz/rst/sphinx t/fuzz/fuzz_pdf_text.c t/fuzz/pdf_text/page t/fuzz/fuzz_zip_part.c t/fuzz/zip_part/two \
	t/fuzz/fuzz_charset.c t/fuzz/fuzz_chunk.c t/fuzz/fuzz_dom.c t/fuzz/fuzz_extract.c \
	t/fuzz/seeds/fuzz_dom/highlighted t/fuzz/seeds/fuzz_dom/page t/fuzz/seeds/fuzz_extract/long-reference
