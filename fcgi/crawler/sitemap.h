/*
 * sitemap - lists of URLs: XML sitemaps and sitemap indexes in any namespace
 * (sitemaps.org), and text files of one URL a line.  Not a general XML parser:
 * it looks for <loc> directly inside <url> or <sitemap>, and nothing else.
 */
#ifndef SITEMAP_H
#define SITEMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/text.h"

enum { SITEMAP_MAX_URLS = 50000 };	/* a file, says the protocol */

enum sitemap_kind { SITEMAP_NONE, SITEMAP_URLSET, SITEMAP_INDEX };

/* By the root element; the name and the content type of a file prove nothing. */
enum sitemap_kind sitemap_sniff(const char *body, size_t len);

/* url: as written, entities decoded; borrowed.  Non-zero stops. */
typedef int sitemap_f(const char *url, size_t len, void *arg);

/* Call f for each URL, at most SITEMAP_MAX_URLS.  Their number, or what f returned. */
int sitemap_each(const char *xml, size_t len, sitemap_f *f, void *arg);

/* Is this text a list of absolute URLs, one a line (blank lines and # comments aside)? */
bool url_list_sniff(const char *txt, size_t len);
int url_list_each(const char *txt, size_t len, sitemap_f *f, void *arg);

/* Unpack gzip, at most max_bytes.  0, -EMSGSIZE, -EBADMSG, -ENOMEM. */
int gunzip(struct text *out, const void *in, size_t len, size_t max_bytes);
bool gzip_sniff(const void *in, size_t len);

#endif
