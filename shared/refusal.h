/*
 * refusal - why something was not done, for whoever asked, in whichever protocol:
 * an HTTP status, a stable word, and a sentence that says what to do next.
 */
#ifndef REFUSAL_H
#define REFUSAL_H

#include <stddef.h>

#include "shared/store.h"

struct refusal {
	int	    status;		/* as HTTP has it */
	unsigned    retry_after_s;	/* 0: trying again does not help */
	const char *code;		/* static, a_word */
	const char *field;		/* static; NULL: no single one is to blame */
	char	    sentence[400];
};

/* Fill *why; returns the status. */
__attribute__((format(printf, 5, 6)))
int refuse(struct refusal *why, int status, const char *code, unsigned retry_after_s, const char *fmt, ...);

int refuse_no_store(struct refusal *why);
int refuse_no_table(struct refusal *why);

/* A store call failed with rc; the log has why, under the request's id, with what was being done. */
int refuse_store(struct refusal *why, const struct store *st, int rc, const char *what, const char *request_id);

#endif
