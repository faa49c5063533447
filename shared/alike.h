/*
 * alike - words that may stand for each other where developers ask: "remove" and
 * "delete", "dir" and "directory", "wrote" and "write".  English, from a small
 * table; it knows nothing of what words mean beside each other.
 */
#ifndef ALIKE_H
#define ALIKE_H

#include <stdbool.h>

#include "shared/slice.h"

enum { ALIKE_MAX = 3 };

/* Words that may stand for this one, its own forms not among them: how many.  Lower case, they live for ever. */
unsigned alike_words(struct slice word, struct slice out[ALIKE_MAX]);

/* Are they one word with and without an ending ("copy", "copies")?  The ASCII case of what both begin with does not matter. */
bool alike_is_form(struct slice a, struct slice b);

#endif
