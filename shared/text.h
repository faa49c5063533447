/*
 * text - a growing byte buffer for what is written once and sent: JSON,
 * Markdown, replies.  Out of memory marks it failed and later calls do nothing,
 * so a writer asks once, at the end.  Also the few UTF-8 questions we have.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
	char  *p;		/* owned; not NUL-terminated, see text_str() */
	size_t len, cap;
	bool   failed;		/* memory ran out: the content is not whole */
};

void text_fini(struct text *t);			/* frees; t may be used again */
void text_clear(struct text *t);		/* keeps the memory */
void text_put(struct text *t, const void *p, size_t len);
void text_puts(struct text *t, const char *s);
void text_putc(struct text *t, char c);
__attribute__((format(printf, 2, 3)))
void text_printf(struct text *t, const char *fmt, ...);
void text_html(struct text *t, const char *s, size_t len);	/* so that HTML shows it: as text, or between "" */

/* The content, NUL-terminated, borrowed until the next call; NULL when failed. */
const char *text_str(struct text *t);

/* Gives the content, NUL-terminated, and leaves t empty; NULL when failed. */
char *text_take(struct text *t, size_t *len);

/* How many of the len bytes at s form whole, valid UTF-8 (RFC 3629): len when all do. */
size_t utf8_valid_len(const char *s, size_t len);

/* The longest prefix of at most max bytes that does not cut a UTF-8 sequence. */
size_t utf8_cut(const char *s, size_t len, size_t max);

#endif
