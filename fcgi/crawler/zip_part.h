/*
 * zip_part - one file out of a ZIP archive in memory, as far as office documents
 * need it: stored or deflated, no encryption, no ZIP64.  What it unpacks to is
 * handed on in pieces and never held.
 */
#ifndef ZIP_PART_H
#define ZIP_PART_H

#include <stddef.h>

typedef int zip_piece_f(void *arg, const char *p, size_t len);	/* non-zero stops */

/*
 * Unpack the file called name.  0, or -EBADMSG no such archive, -ENOENT no such
 * file in it, -EMSGSIZE it unpacks to more than max_bytes, -ENOMEM, or what f returned.
 */
int zip_part(const void *zip, size_t len, const char *name, size_t max_bytes, zip_piece_f *f, void *arg);

#endif
