/*
 * charset - bytes of a page to UTF-8: charset of the Content-Type header, byte
 * order mark, meta in the first 1,024 bytes, else UTF-8 when valid, else
 * windows-1252 (the order of the HTML Standard, "determining the character
 * encoding"; BOM first).  Conversion is iconv(3)'s; what it cannot convert
 * becomes U+FFFD.
 */
#ifndef CHARSET_H
#define CHARSET_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/text.h"

/*
 * *out holds UTF-8 afterwards.  header_charset: from Content-Type, NULL or "" for none.
 * is_html: look for meta.  0, -ENOMEM.  When the input is valid UTF-8 already
 * nothing is copied: *out stays empty and 1 is returned.
 */
int charset_to_utf8(struct text *out, const char *in, size_t len, const char *header_charset, int is_html);

/*
 * Is this UTF-16, by its byte order mark or by header_charset?  Then no byte of it
 * can be looked at before it is UTF-8.
 */
bool charset_is_wide(const char *in, size_t len, const char *header_charset);

#endif
