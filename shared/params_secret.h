/*
 * params_secret - headers, cookies and a password that a crawl sends to the site
 * it starts at, read into the "Name: value" lines of crawl_params.secrets.  They
 * are never written to a log, a message or the JSON of the parameters.
 */
#ifndef PARAMS_SECRET_H
#define PARAMS_SECRET_H

#include <json-c/json.h>

#include "shared/crawl_params.h"
#include "shared/err.h"

/*
 * name: headers {"Name":"value"}, cookies {"name":"value"} or basic_auth
 * {"username":..,"password":..}.  0, or -EINVAL with *field and e, which does
 * not repeat the value.
 */
int params_secret_read(struct crawl_params *p, const char *name, struct json_object *o,
    const char **field, struct err *e);

#endif
