/*
 * err - one sentence for the person who has to act, made where a program gives
 * up.  Functions that can fail for an operator's reason take a struct err *,
 * fill it and return -errno; NULL is allowed and means "nobody will read it".
 */
#ifndef ERR_H
#define ERR_H

struct err {
	char text[320];
};

/* Fill e (may be NULL) and return rc, so that callers write `return err_set(...)`. */
__attribute__((format(printf, 3, 4)))
int err_set(struct err *e, int rc, const char *fmt, ...);

#endif
