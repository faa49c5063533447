/*
 * docx - the text of an Office Open XML document (ECMA-376) as plain HTML:
 * headings, paragraphs, lists, tables, what is set as code, and its title.  Runs
 * inside archon-convert only.
 */
#ifndef DOCX_H
#define DOCX_H

#include "shared/text.h"

/*
 * Append the document on fd, a regular file.  0, -EBADMSG it is none, -EMSGSIZE
 * it unpacks to more than is sane, -ENOMEM, -errno.
 */
int docx_html(struct text *out, int fd);

#endif
