/*
 * digest - what a parse worker does with a parcel: tell its kind, make it
 * UTF-8, extract the document, sort out its links, cut it and hash it.  It reads
 * the crawl's parameters and scope and touches nothing else that is shared.
 */
#ifndef DIGEST_H
#define DIGEST_H

#include <stddef.h>

struct parcel;

/* Fills the "as parsed" part of p and frees the body.  Never fails: p->fate says. */
void digest(struct parcel *p, size_t max_bytes);

/* The same for a body whose kind is known, in p->body_kind. */
void digest_as(struct parcel *p, const char *charset);

#endif
