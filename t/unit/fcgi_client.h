/*
 * fcgi_client - the web server's side of FastCGI, for tests: writes the bytes of
 * a request so that tests can cut and spoil them, and reads an answer.
 */
#ifndef FCGI_CLIENT_H
#define FCGI_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/text.h"

struct fc_param {
	const char *name, *value;
};

void fc_record(struct text *out, unsigned type, unsigned id, const void *content, size_t len, unsigned padding);
void fc_pair(struct text *out, const char *name, const char *value);

/* A whole request.  params end with a NULL name; body NULL: none, else CONTENT_LENGTH is added. */
void fc_request(struct text *out, const char *method, const char *uri,
    const struct fc_param *params, const char *body, size_t body_len, bool keep);

int fc_connect(const char *path);		/* ends the test on failure */
void fc_send(int fd, const void *p, size_t len);	/* a peer that is gone is fine */

struct fc_answer {
	struct text text;		/* headers and body, NUL-terminated */
	int	    status;
	const char *body;		/* in text */
	size_t	    body_len;
	bool	    ended;		/* END_REQUEST came */
};

/* Read one answer, waiting at most 10 s.  false: the connection ended before END_REQUEST. */
bool fc_answer(int fd, struct fc_answer *a);
bool fc_is_closed(int fd);			/* waits at most 10 s for the end; what comes before is dropped */
const char *fc_header(const struct fc_answer *a, const char *name);	/* value and what follows, or NULL */

#endif
