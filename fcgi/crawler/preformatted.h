/*
 * preformatted - text to the letter: what stands in <pre> and its kin, without
 * line numbers, and in which language it is written.
 */
#ifndef PREFORMATTED_H
#define PREFORMATTED_H

#include "crawler/dom.h"
#include "shared/slice.h"
#include "shared/text.h"

/* Replaces the content of out: lines end in '\n', the first newline of n is not part of it. */
void preformatted_text(struct text *out, const struct dom_node *n);

/* The text of inline code, without furniture; white space is the writer's to collapse. */
void inline_code_text(struct text *out, const struct dom_node *n);

/* By the classes of n, of a <code> within and of what is around; empty when none says. */
struct slice preformatted_language(const struct dom_node *n);

#endif
