/*
 * sitemap - lists of URLs: XML sitemaps and sitemap indexes in any namespace
 * (sitemaps.org), and text files of one URL a line.  Not a general XML parser:
 * it looks for <loc> and <lastmod> inside <url> or <sitemap>, and nothing else.
 *
 * What <lastmod> says is kept as a page's last-modified where its server says
 * nothing.  It is never a reason not to fetch, nor a condition to fetch by: many
 * generators write the time of the build there, or never change it.
 */
#ifndef SITEMAP_H
#define SITEMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/slice.h"
#include "shared/text.h"

enum { SITEMAP_MAX_URLS = 50000 };	/* a file, says the protocol */

enum sitemap_kind { SITEMAP_NONE, SITEMAP_URLSET, SITEMAP_INDEX };

/* By the root element; the name and the content type of a file prove nothing. */
enum sitemap_kind sitemap_sniff(const char *body, size_t len);

/*
 * url: as written, entities decoded; borrowed.  lastmod_s: seconds since 1970,
 * 0 when it is not told.  Non-zero stops.
 */
typedef int sitemap_f(const char *url, size_t len, uint32_t lastmod_s, void *arg);

/*
 * A date as sitemaps have it (W3C Datetime): year, month or day alone mean their
 * beginning, a time without a zone is taken as UTC.  In seconds since 1970; 0 when
 * it is none, or none that fits.
 */
uint32_t w3c_date_s(struct slice s);

/* Call f for each URL, at most SITEMAP_MAX_URLS.  Their number, or what f returned. */
int sitemap_each(const char *xml, size_t len, sitemap_f *f, void *arg);

/* Is this text a list of absolute URLs, one a line (blank lines and # comments aside)? */
bool url_list_sniff(const char *txt, size_t len);
int url_list_each(const char *txt, size_t len, sitemap_f *f, void *arg);

/* Unpack gzip, at most max_bytes.  0, -EMSGSIZE, -EBADMSG, -ENOMEM. */
int gunzip(struct text *out, const void *in, size_t len, size_t max_bytes);
bool gzip_sniff(const void *in, size_t len);

#endif
