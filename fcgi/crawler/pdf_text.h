/*
 * pdf_text - what `pdftotext -htmlmeta' gives, made into HTML with structure:
 * paragraphs, lines that are numbered like headings as headings, the title.  No I/O.
 */
#ifndef PDF_TEXT_H
#define PDF_TEXT_H

#include <stddef.h>

#include "shared/text.h"

void pdf_text_html(struct text *out, const char *in, size_t len);

#endif
