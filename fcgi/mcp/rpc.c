#include "config.h"

#include "mcp/rpc.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shared/json_text.h"

/* -- reading ------------------------------------------------------------------- */

int
rpc_parse(const char *p, size_t len, struct json_object **out)
{
	struct json_tokener *tok = json_tokener_new_ex(RPC_DEPTH_MAX);
	struct json_object *o = NULL;
	bool whole;

	if (tok == NULL)
		return -ENOMEM;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	if (len > INT_MAX || utf8_valid_len(p, len) != len)	/* json-c's own check lets more pass than RFC 3629 */
		len = 0;
	if (len > 0)
		o = json_tokener_parse_ex(tok, p, (int)len);
	whole = len > 0 && json_tokener_get_error(tok) == json_tokener_success && json_tokener_get_parse_end(tok) == len;
	if (len > 0 && json_tokener_get_error(tok) == json_tokener_continue) {	/* a number, or a word, ends with what follows it */
		o = json_tokener_parse_ex(tok, "\n", 1);
		whole = json_tokener_get_error(tok) == json_tokener_success;
	}
	json_tokener_free(tok);
	if (whole) {
		*out = o;
		return 0;
	}
	(void)json_object_put(o);		/* NULL is fine */
	return -EBADMSG;
}

/* May it be given back as an id?  json-c holds what is too large for it at the ends of its ranges. */
static bool
id_is_sound(struct json_object *id)
{
	if (json_object_is_type(id, json_type_string))
		return true;
	if (!json_object_is_type(id, json_type_int))
		return false;
	return json_object_get_int64(id) != INT64_MIN && json_object_get_uint64(id) != UINT64_MAX;
}

static void
invalid(struct rpc_message *m, const char *why)
{
	m->kind = RPC_INVALID;
	m->why = why;
}

void
rpc_read(struct json_object *o, struct rpc_message *m)
{
	struct json_object *version, *method, *id = NULL, *params = NULL, *other;
	bool has_id, has_params;

	*m = (struct rpc_message){ .kind = RPC_REQUEST };
	if (!json_object_is_type(o, json_type_object)) {
		invalid(m, "A message is a JSON object");
		return;
	}
	has_id = json_object_object_get_ex(o, "id", &id);
	if (has_id && id_is_sound(id))
		m->id = id;
	if (!json_object_object_get_ex(o, "jsonrpc", &version) || !json_object_is_type(version, json_type_string)
	    || strcmp(json_object_get_string(version), "2.0") != 0) {
		invalid(m, "jsonrpc must be \"2.0\"");
		return;
	}
	if (has_id && m->id == NULL) {
		invalid(m, "id must be a string or an integer");
		return;
	}
	if (!json_object_object_get_ex(o, "method", &method)) {
		m->kind = RPC_RESPONSE;
		if (!has_id || json_object_object_get_ex(o, "result", &other) == json_object_object_get_ex(o, "error", &other))
			invalid(m, "A message has a method, or an id and either a result or an error");
		return;
	}
	if (!json_object_is_type(method, json_type_string)
	    || strlen(json_object_get_string(method)) != (size_t)json_object_get_string_len(method)) {
		invalid(m, "method must be a string");
		return;
	}
	m->method = json_object_get_string(method);
	has_params = json_object_object_get_ex(o, "params", &params);
	if (has_params && !json_object_is_type(params, json_type_object)) {
		invalid(m, "params must be an object");
		return;
	}
	m->params = params;
	if (!has_id)
		m->kind = RPC_NOTIFICATION;
}

/* -- answers ------------------------------------------------------------------- */

void
rpc_value_put(struct text *t, struct json_object *id)
{
	const char *s;

	if (id == NULL) {
		json_raw(t, "null", 4);
	} else if (json_object_is_type(id, json_type_string)) {
		json_string(t, json_object_get_string(id), (size_t)json_object_get_string_len(id));
	} else if ((s = json_object_to_json_string_ext(id, JSON_C_TO_STRING_PLAIN)) != NULL) {
		json_raw(t, s, strlen(s));
	} else {
		t->failed = true;		/* no memory */
	}
}

void
rpc_result_open(struct text *t, struct json_object *id)
{
	json_open(t, '{');
	json_kstr(t, "jsonrpc", "2.0");
	json_key(t, "id");
	rpc_value_put(t, id);
	json_key(t, "result");
}

void
rpc_result_close(struct text *t)
{
	json_close(t, '}');
}

void
rpc_error(struct text *t, struct json_object *id, enum rpc_code code, const char *fmt, ...)
{
	char sentence[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(sentence, sizeof sentence, fmt, ap);	/* cut: a sentence */
	va_end(ap);
	json_open(t, '{');
	json_kstr(t, "jsonrpc", "2.0");
	json_key(t, "id");
	rpc_value_put(t, id);
	json_key(t, "error");
	json_open(t, '{');
	json_kint(t, "code", code);
	json_kstr(t, "message", sentence);
	json_close(t, '}');
	json_close(t, '}');
}
