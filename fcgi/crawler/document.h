/*
 * document - what is kept of one fetched page, whatever its format was: the
 * Markdown of its main content, its names, and the links it holds.
 */
#ifndef DOCUMENT_H
#define DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/text.h"
#include "shared/url.h"

struct doc_link {
	char *url;			/* canonical, absolute, http(s); owned */
	bool  nofollow;			/* rel=nofollow */
};

struct document {
	struct text markdown;		/* UTF-8 */
	char	   *title;		/* each owned; NULL: the page has none */
	char	   *description;
	char	   *language;		/* BCP 47, as written */
	char	   *canonical;		/* rel=canonical, absolute */
	char	   *refresh;		/* meta refresh to another URL, absolute */
	bool	    noindex, nofollow;	/* meta robots */
	struct doc_link *links;		/* in document order, each URL once */
	size_t	    n_links;
};

void document_fini(struct document *doc);	/* frees all; half-built is fine */

/*
 * HTML (UTF-8; see charset.h) at url to *doc, which must be zeroed.  0, -ENOMEM,
 * -EMSGSIZE when a limit (nesting, elements, links) was passed: *doc then
 * holds what came before it and is good to use.  Never fails on bad markup.
 */
int extract_html(struct document *doc, const char *html, size_t len, const struct url *url);

/*
 * Markdown: its links made absolute, title from the front matter (which is left
 * out) or the first heading.  Plain text: links found, nothing is changed.
 */
int extract_markdown(struct document *doc, const char *md, size_t len, const struct url *url);
int extract_plain(struct document *doc, const char *txt, size_t len, const struct url *url);

#endif
