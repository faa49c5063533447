/*
 * api_call - archon-api without FastCGI, for tests: a store and a table in a
 * directory of their own, and calls that go the way a request goes.
 */
#ifndef API_CALL_H
#define API_CALL_H

#include <stdint.h>

#include <json-c/json.h>

#include "shared/ids.h"

#include "api/api.h"

extern char api_dir[];
enum { API_PARAMS = 16 };
extern const char *api_params[API_PARAMS];	/* what nginx says of a request; NULL at the end */
extern struct conf conf;		/* changed between api_start() and api_go() */
extern struct service service;
extern struct reply out;		/* of the last call ... */
extern struct text http;		/* ... its bytes ... */
extern struct json_object *body;	/* ... and its body, parsed */

void api_start(void);			/* a fixture: defaults, 16 rows */
void api_go(void);
void api_finish(void);

/* The status.  send NULL: no body; if_none_match "" for none. */
int call(const char *method, const char *path, const char *query, const char *send);
int call_with(const char *method, const char *path, const char *query, const char *send, const char *if_none_match);

const char *str(const char *name);	/* a member of the answer, "" when absent */
int64_t num(const char *name);
const char *header(const char *name);

void crawl(char id[ID_UUID_BYTES]);	/* accept one */
void end_it(const char *id, enum crawl_phase phase);	/* as a crawler does */

int suite_run(const char *name, void (*add)(void *tcase));	/* main()'s status */

#endif
