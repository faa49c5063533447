# make check-docs: the documentation installed on this machine, page by page
# (see check.py).  Not part of make check: it needs packages, and minutes.
EXTRA_PROGRAMS += t/docs/page_markdown
t_docs_page_markdown_SOURCES = %D%/page_markdown.c
t_docs_page_markdown_CPPFLAGS = $(AM_CPPFLAGS) $(HTML_PARSER_CFLAGS)
t_docs_page_markdown_LDADD = $(extract_libs) $(shared_libs)
EXTRA_DIST += %D%/check.py %D%/reading.py
CLEANFILES += t/docs/page_markdown

check-docs: t/docs/page_markdown
	python3 $(srcdir)/t/docs/check.py ./t/docs/page_markdown
.PHONY: check-docs
