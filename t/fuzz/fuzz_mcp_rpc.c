/*
 * fuzz_mcp_rpc - any bytes as a JSON-RPC message: taken for one of four kinds, and
 * what is answered is one valid JSON value with the very id that came.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mcp/door.h"
#include "mcp/rpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
message(struct json_object *o)
{
	struct rpc_message m;
	struct json_object *back, *id;
	struct text t = { 0 };

	rpc_read(o, &m);
	if (m.kind == RPC_INVALID ? m.why == NULL : m.kind != RPC_RESPONSE && m.method == NULL)
		abort();
	rpc_error(&t, m.id, RPC_INVALID_REQUEST, "%s", m.method != NULL ? m.method : "");
	if (t.failed || rpc_parse(t.p, t.len, &back) != 0)
		abort();
	if (m.id != NULL && (!json_object_object_get_ex(back, "id", &id) || !json_object_equal(id, m.id)))
		abort();
	json_object_put(back);
	text_fini(&t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct json_object *o = NULL;
	char *field = malloc(len + 1);

	if (field == NULL)
		return 0;
	memcpy(field, data, len);
	field[len] = '\0';
	(void)door_accept(field);
	free(field);
	if (rpc_parse((const char *)data, len, &o) != 0)
		return 0;
	if (json_object_is_type(o, json_type_array))
		for (size_t i = 0; i < json_object_array_length(o); i++)
			message(json_object_array_get_idx(o, i));
	else
		message(o);
	json_object_put(o);
	return 0;
}
