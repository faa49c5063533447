#include "config.h"

#include "crawler/embed_reply.h"

#include <ctype.h>
#include <errno.h>
#include <json-c/json.h>

enum { DEPTH = 8 };

/* One element of data into its place in out. */
static int
read_one(struct json_object *o, unsigned at, struct vector *out, unsigned n, struct err *e)
{
	struct json_object *index, *list;
	double x[VECTOR_DIMS_MAX];
	size_t dims;

	if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, "embedding", &list) ||
	    !json_object_is_type(list, json_type_array))
		return err_set(e, -EBADMSG, "the reply has no embedding %u", at);
	if (json_object_object_get_ex(o, "index", &index)) {
		int64_t v = json_object_is_type(index, json_type_int) ? json_object_get_int64(index) : -1;

		if (v < 0 || v >= n)
			return err_set(e, -EBADMSG, "the reply has an embedding of no text");
		at = (unsigned)v;
	}
	if ((dims = json_object_array_length(list)) == 0 || dims > VECTOR_DIMS_MAX)
		return err_set(e, -EBADMSG, "an embedding has %zu numbers; 1 to %d are known", dims, VECTOR_DIMS_MAX);
	for (size_t i = 0; i < dims; i++) {
		struct json_object *v = json_object_array_get_idx(list, i);

		if (!json_object_is_type(v, json_type_double) && !json_object_is_type(v, json_type_int))
			return err_set(e, -EBADMSG, "an embedding has something that is no number");
		x[i] = json_object_get_double(v);
	}
	if (out[at].len != 0)
		return err_set(e, -EBADMSG, "the reply has embedding %u twice", at);
	if (!vector_pack(&out[at], x, (unsigned)dims))
		return err_set(e, -EBADMSG, "an embedding is no direction: all zero, or not finite");
	return 0;
}

static int
read_all(struct json_object *o, struct vector *out, unsigned n, struct err *e)
{
	struct json_object *data;
	int rc = 0;

	if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, "data", &data) ||
	    !json_object_is_type(data, json_type_array))
		return err_set(e, -EBADMSG, "the reply is no list of embeddings; is it an OpenAI-compatible /v1/embeddings?");
	if (json_object_array_length(data) != n)
		return err_set(e, -EBADMSG, "%zu embeddings came for %u texts", json_object_array_length(data), n);
	for (unsigned i = 0; rc == 0 && i < n; i++)
		rc = read_one(json_object_array_get_idx(data, i), i, out, n, e);
	for (unsigned i = 1; rc == 0 && i < n; i++)
		if (out[i].len != out[0].len)
			rc = err_set(e, -EBADMSG, "the embeddings are not of one length");
	return rc;
}

int
embed_reply_read(const char *json, size_t len, struct vector *out, unsigned n, struct err *e)
{
	struct json_tokener *tok;
	struct json_object *o;
	size_t at;
	int rc;

	if (len == 0 || len > EMBED_REPLY_BYTES)
		return err_set(e, -EBADMSG, "the reply is %s", len == 0 ? "empty" : "too long");
	if ((tok = json_tokener_new_ex(DEPTH)) == NULL)
		return err_set(e, -ENOMEM, "out of memory");
	for (unsigned i = 0; i < n; i++)
		out[i].len = 0;
	o = json_tokener_parse_ex(tok, json, (int)len);
	at = json_tokener_get_parse_end(tok);
	while (at < len && isspace((unsigned char)json[at]))
		at++;
	if (json_tokener_get_error(tok) != json_tokener_success || at < len)
		rc = err_set(e, -EBADMSG, "the reply is no JSON");
	else
		rc = read_all(o, out, n, e);
	(void)json_object_put(o);
	json_tokener_free(tok);
	return rc;
}
