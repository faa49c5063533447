/* The description of all of this: openapi/, put together by the build. */
#include "config.h"

#include "api/openapi_json.h"
#include "api/routes.h"

int
openapi_show(const struct request *rq, struct reply *out)
{
	(void)rq;
	text_put(&out->body, openapi_json, openapi_json_len);
	return 200;
}
