/*
 * rpc - JSON-RPC 2.0 as the Model Context Protocol uses it: what a message is,
 * and how answers are written.  Ids are strings or integers, params an object.
 */
#ifndef RPC_H
#define RPC_H

#include <json-c/json.h>
#include <stddef.h>

#include "shared/text.h"

enum { RPC_DEPTH_MAX = 32 };	/* of nested values; nothing here needs five */

enum rpc_code {
	RPC_PARSE_ERROR = -32700,
	RPC_INVALID_REQUEST = -32600,
	RPC_METHOD_NOT_FOUND = -32601,
	RPC_INVALID_PARAMS = -32602,
	RPC_INTERNAL = -32603,
	RPC_UNAVAILABLE = -32000,	/* ours: stopped, or short of something; try again later */
};

enum rpc_kind {
	RPC_REQUEST,		/* has an id: wants an answer */
	RPC_NOTIFICATION,
	RPC_RESPONSE,		/* to a question that we never ask */
	RPC_INVALID,		/* why says why */
};

struct rpc_message {			/* all borrowed from the parsed value */
	enum rpc_kind kind;
	struct json_object *id;		/* NULL: none that can be given back */
	const char *method;
	struct json_object *params;	/* an object; NULL: none */
	const char *why;
};

/* The whole text as one JSON value (gives).  0, -EBADMSG, -ENOMEM. */
int rpc_parse(const char *p, size_t len, struct json_object **out);

/* What one message is; anything may come in, NULL (a JSON null) too. */
void rpc_read(struct json_object *o, struct rpc_message *out);

/* -- answers ------------------------------------------------------------------- */

void rpc_value_put(struct text *t, struct json_object *id);	/* an id, or a progress token, as it came; NULL is null */
void rpc_result_open(struct text *t, struct json_object *id);	/* one JSON value follows ... */
void rpc_result_close(struct text *t);
__attribute__((format(printf, 4, 5)))
void rpc_error(struct text *t, struct json_object *id, enum rpc_code code, const char *fmt, ...);

#endif
