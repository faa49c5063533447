/*
 * json_body - a request's JSON body, with json-c.
 */
#ifndef JSON_BODY_H
#define JSON_BODY_H

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/route.h"

/* The body as one JSON object and nothing else (gives), or NULL with the refusal in *out, *status. */
struct json_object *json_body(const struct request *rq, struct reply *out, int *status);

/* The same for one JSON object or an array; of an empty array, too. */
struct json_object *json_body_list(const struct request *rq, struct reply *out, int *status);

/*
 * A member.  Absent and null are the same: 0, nothing written.  1 written, or
 * -EINVAL with the 422 in *out.
 */
int json_member_string(struct json_object *o, const char *name, char *to, size_t bytes, struct reply *out);
int json_member_int(struct json_object *o, const char *name, int64_t min, int64_t max, int64_t *to, struct reply *out);

#endif
