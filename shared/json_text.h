/*
 * json_text - write compact JSON into a text.  Commas are placed by looking at
 * the byte before, so there is no state to keep: a value is written where the
 * buffer stands.  Strings come out as valid UTF-8 whatever came in: bytes that
 * are not become U+FFFD.  Reading JSON is json-c's job.
 */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/text.h"

void json_open(struct text *t, char bracket);		/* '{' or '[', as a value or element */
void json_close(struct text *t, char bracket);		/* '}' or ']' */
void json_key(struct text *t, const char *key);		/* key is ours: written as it is */
void json_string(struct text *t, const char *s, size_t len);
void json_raw(struct text *t, const char *s, size_t len);	/* one ready JSON value */

/* key and value in one call */
void json_kstr(struct text *t, const char *key, const char *s);	/* NULL is written as null */
void json_kint(struct text *t, const char *key, int64_t v);
void json_kbool(struct text *t, const char *key, bool v);
void json_kdouble(struct text *t, const char *key, double v, int decimals);	/* not finite: 0 */
void json_ktime(struct text *t, const char *key, int64_t wall_ms);	/* ISO 8601; 0 is null */

#endif
