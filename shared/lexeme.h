/*
 * lexeme - text read as search sees it: names are kept whole and known by their
 * parts.  `proxy_read_timeout', `asyncio.TaskGroup', `std::vector', `read-only'
 * and `--enable-foo' are one lexeme each, of several parts; a plain word is a
 * lexeme of one.  Where a Markdown link leads is no text: [this](not-this).
 *
 * Used for what is indexed and for what is asked, so that both agree.
 */
#ifndef LEXEME_H
#define LEXEME_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/slice.h"

enum {
	LEXEME_PARTS_MAX = 12,		/* further ones begin a lexeme of their own */
	LEXEME_WHOLE_BYTES = 64,	/* what is longer is no name */
};

struct lexeme {
	struct slice whole;		/* with leading dashes, or the underscores around it; borrowed from the text */
	struct slice part[LEXEME_PARTS_MAX];
	unsigned     n_parts;		/* at least 1 */
	bool	     marked;		/* it has dashes before or underscores around it, and so is a name */
};

/* The next lexeme of text at *at, which is moved behind it.  False: that was all. */
bool lexeme_next(struct slice text, size_t *at, struct lexeme *out);

/*
 * The whole of a lexeme that is more than its one part, in lower case (ASCII
 * alone) and without escaping backslashes: its length, 0 when it is a plain
 * word or too long to be a name.
 */
size_t lexeme_name(const struct lexeme *lx, char out[LEXEME_WHOLE_BYTES]);

/*
 * A word that only joins others ("the", "of", "that") and is no keyword of any
 * language either: it is neither indexed nor asked for, as if it were not there.
 */
bool lexeme_is_filler(struct slice part);

/*
 * The words within a part, by their capitals: "TaskGroup" is "Task" and "Group",
 * "HTTPServer" is "HTTP" and "Server".  0 when it is one word only.
 */
unsigned lexeme_humps(struct slice part, struct slice out[LEXEME_PARTS_MAX]);

#endif
