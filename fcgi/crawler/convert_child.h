/*
 * convert_child - run archon-convert, which lies beside this program, on one
 * document.  It gets the document as a descriptor, gives HTML or pdftotext's
 * output on a pipe, and can reach nothing else (sandbox.h).  Whatever it does,
 * this returns within time_ms, and the child is gone then; it also goes when we do.
 */
#ifndef CONVERT_CHILD_H
#define CONVERT_CHILD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/text.h"

/* What archon-convert's exit status means; beside 0. */
enum convert_exit {
	CONVERT_DAMAGED = 1,		/* pdftotext's own, too */
	CONVERT_TOO_LARGE = 100,	/* it unpacks to more than is sane */
	CONVERT_NO_SANDBOX = 101,
	CONVERT_NO_TOOL = 127,
};

struct convert_child {
	const char *type;		/* "pdf" or "docx" */
	int	fd;			/* the document, borrowed */
	int64_t time_ms;
	size_t	max_bytes;		/* of what it gives */
	const atomic_bool *cancelled, *stopping;	/* either ends it early */
};

/*
 * 0 and *out, or -EBADMSG the document is no such, -EMSGSIZE more than max_bytes,
 * -ETIMEDOUT, -ECANCELED, -ENOPKG pdftotext is missing, -EIO the log says why.
 */
int convert_child_run(const struct convert_child *c, struct text *out);

#endif
