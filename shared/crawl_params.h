/*
 * crawl_params - what a client may ask of a crawl: the one place that knows the
 * names, limits and defaults (API: "Starting and steering a crawl").  It is
 * kept in the store as JSON and read back by the crawler.
 */
#ifndef CRAWL_PARAMS_H
#define CRAWL_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/err.h"
#include "shared/ids.h"
#include "shared/progress_row.h"
#include "shared/text.h"

enum {
	PARAMS_LIST_MAX = 20,		/* tags, include, exclude: entries */
	PARAMS_ITEM_BYTES = 128,	/* longest entry and NUL */
	PARAMS_DEPTH_MAX = 50,
	PARAMS_CONCURRENT_MAX = 64,
	PARAMS_PAGES_MAX = 1000000,
	PARAMS_CHUNK_MIN = 200,
	PARAMS_CHUNK_MAX = 50000,
	PARAMS_CHUNK_DEFAULT = 2000,
	PARAMS_REQUEST_BYTES = 129,	/* a request id and NUL */
	PARAMS_SECRETS_BYTES = 8192,	/* headers, cookies and passwords */
};

enum {				/* what people choose for a source and may change later */
	PARAMS_TAGS = 1, PARAMS_KNOWLEDGE_TYPE = 2, PARAMS_UPDATE_FREQUENCY = 4,
};

struct params_list {
	unsigned n;
	char	 item[PARAMS_LIST_MAX][PARAMS_ITEM_BYTES];
};

struct crawl_params {
	char	 url[ROW_URL_BYTES];		/* canonical; of an upload as in upload.h */
	char	 progress_id[ID_UUID_BYTES];	/* empty: ours to choose */
	char	 knowledge_type[32];		/* "technical" (default) or "business" */
	struct params_list tags, include, exclude;
	struct params_list hosts;		/* beside the start URL's */
	bool	 subdomains;			/* of all these hosts, too; default false */
	unsigned update_frequency;		/* days; 0 never; default 7 */
	unsigned max_depth;			/* links from the start; default 10 */
	unsigned max_concurrent;		/* fetches at once; default 10 */
	unsigned max_pages;			/* default 5000 */
	unsigned chunk_size;			/* characters */
	unsigned max_size_mb;			/* of all pages together; 0: as the operator allows */
	bool	 extract_code_examples;		/* default true */
	unsigned chosen;			/* PARAMS_TAGS...: those that a request named.  Not in the JSON */
	char	 request_id[PARAMS_REQUEST_BYTES];	/* that asked for this crawl, for the log; "": none did.  No member of a request */
	char	 secrets[PARAMS_SECRETS_BYTES];	/* "Name: value" lines sent to the start URL's site; see below */
};

void crawl_params_defaults(struct crawl_params *p);	/* of all but url */

/*
 * Read a request body.  Unknown keys are ignored; wrong
 * types and values out of range are refused.  0, or
 *	-EBADMSG	not JSON, or not an object
 *	-EINVAL		*field names the member (static), e says what is accepted
 *	-ENOMEM		for no reason of the client's
 */
int crawl_params_parse(struct crawl_params *out, const char *json, size_t len,
    const char **field, struct err *e);

/* Those that people change later, out of o.  0, -EINVAL. */
struct json_object;
int crawl_params_edit(struct crawl_params *p, struct json_object *o, const char **field, struct err *e);
/* The same for what crawl_params_json() wrote: it may be about an upload, which no request can ask for. */
int crawl_params_read(struct crawl_params *out, const char *json, size_t len,
    const char **field, struct err *e);

/* The same for an object that changes some members of *p and keeps the others; url is no longer required. */
int crawl_params_change(struct crawl_params *p, const char *json, size_t len,
    const char **field, struct err *e);

/*
 * What a client may be shown.  Not in it: the secrets (members headers, cookies
 * and basic_auth of a request), which the store keeps apart.
 */
void crawl_params_json(const struct crawl_params *p, struct text *out);

/* Those that were not chosen are as in `there`, the parameters its source has. */
void crawl_params_keep(struct crawl_params *p, const struct crawl_params *there);

/* The source these parameters fill: stable for the same start URL and scope. */
void crawl_params_source(const struct crawl_params *p, char out[ID_SOURCE_BYTES]);

#endif
