/*
 * http - one request to archon and its JSON reply.
 */
#ifndef CTL_HTTP_H
#define CTL_HTTP_H

#include <curl/curl.h>
#include <json-c/json.h>

#include "ctl/ctl.h"
#include "shared/err.h"
#include "shared/text.h"

struct http_reply {
	int	    status;
	struct text body;		/* text_fini() it */
};

/* What every connection of ours has in common: address, no proxy, time limits. */
void http_setup(CURL *curl, const struct ctl *ctl, const char *path);

/*
 * method path, body NULL or JSON.  0 when something answered, or -ENOTCONN with
 * e saying what to do.
 */
int http_call(const struct ctl *ctl, const char *method, const char *path, const char *body,
    struct http_reply *out, struct err *e);

/* Perform what was set up.  The same; curl stays the caller's. */
int http_perform(CURL *curl, const struct ctl *ctl, struct http_reply *out, struct err *e);

/* e = "nothing answers at ...; what to do". */
int http_unreachable(const struct ctl *ctl, const char *why, struct err *e);

/*
 * The same for commands: *out is the reply's object (gives; json_object_put it).
 * CTL_DONE, or another exit status after saying on stderr what is wrong.
 */
int http_json(const struct ctl *ctl, const char *method, const char *path, const char *body,
    struct json_object **out);

/* What http_json() makes of a reply, which is freed. */
int http_object(const struct ctl *ctl, struct http_reply *rp, struct json_object **out);
/* The same for "/api/BEFORE/WORD" and what comes after, WORD being the command's own, escaped. */
int http_ask(const struct ctl *ctl, const char *method, const char *before, const char *after, const char *body,
    struct json_object **out);

/* The reply's error sentence as an exit status, said on stderr. */
int http_complain(struct http_reply *rp);

/* Append s to t, percent-encoded for one path segment or query value. */
void http_escape(struct text *t, const char *s);

#endif
