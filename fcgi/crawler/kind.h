/*
 * kind - what a body is, by its content type, its first bytes and, where both
 * say little, the end of its path.
 */
#ifndef KIND_H
#define KIND_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/slice.h"

enum kind {
	KIND_PAGE,		/* HTML or XHTML */
	KIND_MARKDOWN,
	KIND_PLAIN,
	KIND_SITEMAP,		/* urlset or sitemapindex */
	KIND_URL_LIST,		/* text, one URL a line */
	KIND_GZIP,		/* packed: unpack, then ask again */
	KIND_OTHER,		/* nothing we read */
};

/* content_type: the header's value, "" or NULL for none. */
enum kind kind_of(const char *content_type, struct slice path, const char *body, size_t len);

/* Is it plain from the header alone that we do not read this? */
bool kind_is_foreign(const char *content_type);

/* The charset parameter of a content type, "" when there is none. */
void kind_charset(char *out, size_t size, const char *content_type);

/* llms.txt: a list of links, which are the documentation; llms-full.txt is all of it in one. */
bool kind_is_link_list(struct slice path);
bool kind_is_whole(struct slice path);

#endif
