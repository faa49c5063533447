/*
 * xhtml - pages that are XML, for an HTML parser: to that "<title/>" is a start
 * tag, whose text is all the rest of the page, and "<div/>" one that nothing ends.
 */
#ifndef XHTML_H
#define XHTML_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/text.h"

/*
 * Is this page (UTF-8) to be read as XML?  When its content type says so, or when
 * it begins with an XML declaration and has a "<title/>", which as HTML would be
 * an empty page.
 */
bool xhtml_is(const char *type, const char *page, size_t len);

/*
 * The page with an end tag behind each empty element that is none in HTML, "<br/>"
 * and its like left alone.  *out stays empty when there is nothing to change.
 * Memory that runs out stands in *out.
 */
void xhtml_expand(struct text *out, const char *page, size_t len);

#endif
