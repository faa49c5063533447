/*
 * words - is this word one of a fixed set?  A set is an array of strings by
 * length: at [n] all its words of n bytes, one behind the other.
 */
#ifndef WORDS_H
#define WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "shared/slice.h"

enum { WORD_MAX = 32 };			/* longest word a set may hold */

static inline bool
words_have(const char *const set[WORD_MAX + 1], const char *w, size_t len)
{
	if (len == 0 || len > WORD_MAX || set[len] == NULL)
		return false;
	for (const char *p = set[len]; *p != '\0'; p += len)
		if (*p == *w && memcmp(p, w, len) == 0)
			return true;
	return false;
}

/* The next word at *at of a list separated by white space; false at its end. */
static inline bool
words_next(const char *s, size_t len, size_t *at, const char **w, size_t *w_len)
{
	size_t i = *at, start;

	if (len == 0)			/* s may be NULL then */
		return false;
	while (i < len && (s[i] == ' ' || (s[i] >= '\t' && s[i] <= '\r')))
		i++;
	start = i;
	while (i < len && s[i] != ' ' && !(s[i] >= '\t' && s[i] <= '\r'))
		i++;
	*at = i;
	*w = s + start;
	*w_len = i - start;
	return i > start;
}

/* Is word, in any case, one of such a list?  Classes are written in one case, rel and its like in any. */
static inline bool
words_include(struct slice list, const char *word)
{
	size_t at = 0, n = strlen(word), len;
	const char *w;

	while (words_next(list.p, list.len, &at, &w, &len))
		if (len == n && strncasecmp(w, word, n) == 0)
			return true;
	return false;
}

#endif
