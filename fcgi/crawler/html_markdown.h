/*
 * html_markdown - the main content of a page as Markdown: what each element
 * becomes.  The walk is iterative; elements nested deeper than its stack are
 * written as the text they hold.
 */
#ifndef HTML_MARKDOWN_H
#define HTML_MARKDOWN_H

#include "crawler/links.h"
#include "crawler/maincontent.h"
#include "shared/text.h"
#include "shared/url.h"

/* Appends to out; page: the page's own URL.  0, -ENOMEM. */
int html_markdown(struct text *out, const struct main_content *content, struct links *links,
    const struct url *page);

#endif
