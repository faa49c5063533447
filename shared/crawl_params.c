#include "config.h"

#include "shared/crawl_params.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "shared/json_text.h"
#include "shared/params_secret.h"
#include "shared/upload.h"
#include "shared/url.h"

/* -- the members, their limits and defaults ------------------------------------- */

static const struct number {
	const char *name;
	size_t	    at;
	unsigned    min, max, initial;
} numbers[] = {
#define N(field, min, max, initial) { #field, offsetof(struct crawl_params, field), min, max, initial }
	N(max_depth,		0, PARAMS_DEPTH_MAX, 10),
	N(max_concurrent,	1, PARAMS_CONCURRENT_MAX, 10),
	N(max_pages,		1, PARAMS_PAGES_MAX, 5000),
	N(chunk_size,		PARAMS_CHUNK_MIN, PARAMS_CHUNK_MAX, PARAMS_CHUNK_DEFAULT),
	N(update_frequency,	0, 3650, 7),
	N(max_size_mb,		0, 1000000, 0),
#undef N
};
enum { N_NUMBERS = sizeof numbers / sizeof numbers[0] };

static const struct list {
	const char *name;
	size_t	    at;
} lists[] = {
	{ "tags",    offsetof(struct crawl_params, tags) },
	{ "include", offsetof(struct crawl_params, include) },
	{ "exclude", offsetof(struct crawl_params, exclude) },
	{ "hosts", offsetof(struct crawl_params, hosts) },
};
enum { N_LISTS = sizeof lists / sizeof lists[0] };

static const struct {
	const char *name;
	unsigned    bit;
} choices[] = {
	{ "tags", PARAMS_TAGS }, { "knowledge_type", PARAMS_KNOWLEDGE_TYPE }, { "update_frequency", PARAMS_UPDATE_FREQUENCY },
};
enum { N_CHOICES = sizeof choices / sizeof choices[0] };

static const char *const knowledge_types[] = { "technical", "business" };

static unsigned *
number_of(struct crawl_params *p, const struct number *n)
{
	return (unsigned *)(void *)((char *)p + n->at);
}

static struct params_list *
list_of(struct crawl_params *p, const struct list *l)
{
	return (struct params_list *)(void *)((char *)p + l->at);
}

void
crawl_params_defaults(struct crawl_params *p)
{
	memset(p, 0, sizeof *p);
	for (unsigned i = 0; i < N_NUMBERS; i++)
		*number_of(p, &numbers[i]) = numbers[i].initial;
	FIELD_SET(p->knowledge_type, knowledge_types[0]);
	p->extract_code_examples = true;
}

/* -- reading one member ------------------------------------------------------------ */

static int
text_read(struct json_object *o, char *out, size_t bytes, const char *name, struct err *e)
{
	size_t len;

	if (!json_object_is_type(o, json_type_string))
		return err_set(e, -EINVAL, "%s must be a string", name);
	len = (size_t)json_object_get_string_len(o);
	if (len >= bytes)
		return err_set(e, -EINVAL, "%s: at most %zu bytes are accepted", name, bytes - 1);
	if (strlen(json_object_get_string(o)) != len || utf8_valid_len(json_object_get_string(o), len) != len)
		return err_set(e, -EINVAL, "%s: must be UTF-8 without NUL", name);
	field_set(out, bytes, json_object_get_string(o));
	return 0;
}

static bool
has_credentials(const char *url)
{
	const char *host = strstr(url, "://");

	return host != NULL && host[3 + strcspn(host + 3, "/?#\\@")] == '@';
}

static int
url_read(struct crawl_params *p, struct json_object *o, struct err *e)
{
	char raw[ROW_URL_BYTES];
	struct url u;
	int rc;

	if ((rc = text_read(o, raw, sizeof raw, "url", e)) < 0)
		return rc;
	if (upload_is(raw)) {
		FIELD_SET(p->url, raw);
		return 0;
	}
	if (has_credentials(raw))	/* they would be dropped, and stand in every log before */
		return err_set(e, -EINVAL, "url: name and password are not accepted in the address");
	switch (url_parse(&u, raw)) {
	case 0:
		FIELD_SET(p->url, u.text);
		return 0;
	case -EPROTONOSUPPORT:
		return err_set(e, -EINVAL, "url: only http:// and https:// are accepted");
	case -EOPNOTSUPP:
		return err_set(e, -EINVAL, "url: this archon was built without libidn2: write the host name as xn--...");
	case -EMSGSIZE:
		return err_set(e, -EINVAL, "url: at most %d bytes are accepted", ROW_URL_BYTES - 1);
	default:
		return err_set(e, -EINVAL, "url: not an absolute URL such as https://docs.example.com/");
	}
}

static int
number_read(struct crawl_params *p, const struct number *n, struct json_object *o, struct err *e)
{
	int64_t v;

	if (!json_object_is_type(o, json_type_int))
		return err_set(e, -EINVAL, "%s must be a whole number from %u to %u", n->name, n->min, n->max);
	v = json_object_get_int64(o);		/* clamped by json-c when it does not fit */
	if (v < (int64_t)n->min || v > (int64_t)n->max)
		return err_set(e, -EINVAL, "%s: %u to %u are accepted", n->name, n->min, n->max);
	*number_of(p, n) = (unsigned)v;
	return 0;
}

static bool
host_read(char item[PARAMS_ITEM_BYTES])	/* made the one form URLs have it in; a port may follow */
{
	char raw[PARAMS_ITEM_BYTES + 16];
	struct slice origin;
	struct url u;

	(void)snprintf(raw, sizeof raw, "http://%s/", item);
	if (strpbrk(item, "/?#@\\ ") != NULL || url_parse(&u, raw) < 0)
		return false;
	origin = url_origin(&u);
	if (origin.len - strlen("http://") >= PARAMS_ITEM_BYTES)
		return false;
	memcpy(item, origin.p + strlen("http://"), origin.len - strlen("http://"));
	item[origin.len - strlen("http://")] = '\0';
	return true;
}

static bool
is_in(const struct params_list *l, const char *item)
{
	for (unsigned i = 0; i < l->n; i++)
		if (strcmp(l->item[i], item) == 0)
			return true;
	return false;
}

static int
list_read(struct crawl_params *p, const struct list *l, struct json_object *o, struct err *e)
{
	struct params_list *to = list_of(p, l);
	size_t n;
	int rc;

	if (!json_object_is_type(o, json_type_array))
		return err_set(e, -EINVAL, "%s must be an array of strings", l->name);
	if ((n = json_object_array_length(o)) > PARAMS_LIST_MAX)
		return err_set(e, -EINVAL, "%s: at most %d entries are accepted", l->name, PARAMS_LIST_MAX);
	to->n = 0;
	for (size_t i = 0; i < n; i++) {
		char *item = to->item[to->n];

		rc = text_read(json_object_array_get_idx(o, i), item, PARAMS_ITEM_BYTES, l->name, e);
		if (rc < 0)
			return rc;
		if (item[0] == '\0')
			return err_set(e, -EINVAL, "%s: empty entries are not accepted", l->name);
		if (to == &p->hosts && !host_read(item))
			return err_set(e, -EINVAL, "hosts: \"%s\" is no host such as docs.example.com", item);
		if (is_in(to, item))		/* said twice */
			memset(item, 0, PARAMS_ITEM_BYTES);
		else
			to->n++;
	}
	return 0;
}

static int
flag_read(bool *out, struct json_object *o, const char *name, struct err *e)
{
	if (!json_object_is_type(o, json_type_boolean))
		return err_set(e, -EINVAL, "%s must be true or false", name);
	*out = json_object_get_boolean(o);
	return 0;
}

static int
knowledge_type_read(struct crawl_params *p, struct json_object *o, struct err *e)
{
	int rc = text_read(o, p->knowledge_type, sizeof p->knowledge_type, "knowledge_type", e);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < sizeof knowledge_types / sizeof knowledge_types[0]; i++)
		if (strcmp(knowledge_types[i], p->knowledge_type) == 0)
			return 0;
	return err_set(e, -EINVAL, "knowledge_type: technical and business are accepted");
}

static int
progress_id_read(struct crawl_params *p, struct json_object *o, struct err *e)
{
	if (!json_object_is_type(o, json_type_string)
	    || !id_is_uuid(json_object_get_string(o), (size_t)json_object_get_string_len(o)))
		return err_set(e, -EINVAL, "progress_id must be a UUID such as 123e4567-e89b-42d3-a456-426614174000");
	FIELD_SET(p->progress_id, json_object_get_string(o));
	return 0;
}

static int
member_read(struct crawl_params *p, const char *name, struct json_object *o,
    const char **field, struct err *e)
{
	for (unsigned i = 0; i < N_CHOICES; i++)
		if (strcmp(choices[i].name, name) == 0)
			p->chosen |= choices[i].bit;
	for (unsigned i = 0; i < N_NUMBERS; i++)
		if (strcmp(numbers[i].name, name) == 0) {
			*field = numbers[i].name;
			return number_read(p, &numbers[i], o, e);
		}
	for (unsigned i = 0; i < N_LISTS; i++)
		if (strcmp(lists[i].name, name) == 0) {
			*field = lists[i].name;
			return list_read(p, &lists[i], o, e);
		}
	if (strcmp(name, "url") == 0)
		return *field = "url", url_read(p, o, e);
	if (strcmp(name, "progress_id") == 0)
		return *field = "progress_id", progress_id_read(p, o, e);
	if (strcmp(name, "knowledge_type") == 0)
		return *field = "knowledge_type", knowledge_type_read(p, o, e);
	if (strcmp(name, "extract_code_examples") == 0)
		return *field = "extract_code_examples", flag_read(&p->extract_code_examples, o, *field, e);
	if (strcmp(name, "subdomains") == 0)
		return *field = "subdomains", flag_read(&p->subdomains, o, *field, e);
	if (strcmp(name, "headers") == 0 || strcmp(name, "cookies") == 0 || strcmp(name, "basic_auth") == 0)
		return params_secret_read(p, name, o, field, e);
	return 0;			/* unknown names are ignored */
}

static int
object_read(struct crawl_params *p, struct json_object *obj, const char **field, struct err *e)
{
	struct json_object_iterator it = json_object_iter_begin(obj), end = json_object_iter_end(obj);
	int rc = 0;

	for (; rc == 0 && !json_object_iter_equal(&it, &end); json_object_iter_next(&it)) {
		struct json_object *o = json_object_iter_peek_value(&it);

		if (o != NULL)		/* null is the same as absent */
			rc = member_read(p, json_object_iter_peek_name(&it), o, field, e);
	}
	return rc;
}

static bool
lacked_memory(struct json_tokener *tok, size_t len)	/* one that gave no object */
{
	enum json_tokener_error err = json_tokener_get_error(tok);

#if JSON_C_VERSION_NUM >= 17 << 8
	if (err == json_tokener_error_memory)
		return true;
#endif
	/* Older ones have no error for that, and none has one for a locale that was not to be had. */
	return err == json_tokener_success && json_tokener_get_parse_end(tok) < len;
}

int
crawl_params_change(struct crawl_params *out, const char *json, size_t len,
    const char **field, struct err *e)
{
	struct json_tokener *tok = json_tokener_new_ex(16);
	struct json_object *obj = NULL, *opt;
	struct crawl_params p = *out;
	int rc;

	*field = NULL;
	if (tok == NULL)
		return err_set(e, -ENOMEM, "out of memory");
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	if (len > INT32_MAX || utf8_valid_len(json, len) != len)	/* json-c's own check lets more pass than RFC 3629 */
		len = 0;
	obj = len > 0 ? json_tokener_parse_ex(tok, json, (int)len) : NULL;
	if (obj == NULL && len > 0 && lacked_memory(tok, len)) {
		rc = err_set(e, -ENOMEM, "out of memory");
		goto done;
	}
	if (obj == NULL || json_tokener_get_error(tok) != json_tokener_success
	    || json_tokener_get_parse_end(tok) != len || !json_object_is_type(obj, json_type_object)) {
		rc = err_set(e, -EBADMSG, json_tokener_get_error(tok) == json_tokener_error_parse_number ?
		    "a number in the body is malformed, or needs more than 64 bits" : "the body must be a JSON object");
		goto done;
	}
	if (json_object_object_get_ex(obj, "crawl_options", &opt) && opt != NULL) {
		if (!json_object_is_type(opt, json_type_object)) {
			*field = "crawl_options";
			rc = err_set(e, -EINVAL, "crawl_options must be an object");
			goto done;
		}
		if ((rc = object_read(&p, opt, field, e)) < 0)
			goto done;
	}
	if ((rc = object_read(&p, obj, field, e)) < 0)
		goto done;
	*field = NULL;
	*out = p;
done:
	if (obj != NULL)
		json_object_put(obj);
	json_tokener_free(tok);
	return rc;
}

int
crawl_params_edit(struct crawl_params *p, struct json_object *o, const char **field, struct err *e)
{
	struct json_object *v;
	int rc = 0;

	*field = NULL;
	for (unsigned i = 0; rc == 0 && i < N_CHOICES; i++)
		if (json_object_object_get_ex(o, choices[i].name, &v) && v != NULL)
			rc = member_read(p, choices[i].name, v, field, e);
	return rc;
}

void
crawl_params_keep(struct crawl_params *p, const struct crawl_params *there)
{
	if (!(p->chosen & PARAMS_TAGS))
		p->tags = there->tags;
	if (!(p->chosen & PARAMS_KNOWLEDGE_TYPE))
		FIELD_SET(p->knowledge_type, there->knowledge_type);
	if (!(p->chosen & PARAMS_UPDATE_FREQUENCY))
		p->update_frequency = there->update_frequency;
}

int
crawl_params_read(struct crawl_params *out, const char *json, size_t len,
    const char **field, struct err *e)
{
	struct crawl_params p;
	int rc;

	crawl_params_defaults(&p);
	if ((rc = crawl_params_change(&p, json, len, field, e)) < 0)
		return rc;
	if (p.url[0] == '\0') {
		*field = "url";
		return err_set(e, -EINVAL, "url is required: the http or https address to start from");
	}
	*out = p;
	return 0;
}

int
crawl_params_parse(struct crawl_params *out, const char *json, size_t len,
    const char **field, struct err *e)
{
	struct crawl_params p;
	int rc = crawl_params_read(&p, json, len, field, e);

	if (rc < 0)
		return rc;
	if (upload_is(p.url)) {		/* somebody else's file */
		*field = "url";
		return err_set(e, -EINVAL, "url: only http:// and https:// are accepted");
	}
	*out = p;
	return 0;
}

/* -- writing ---------------------------------------------------------------------- */

static void
list_json(const struct params_list *l, const char *name, struct text *out)
{
	json_key(out, name);
	json_open(out, '[');
	for (unsigned i = 0; i < l->n; i++)
		json_string(out, l->item[i], strlen(l->item[i]));
	json_close(out, ']');
}

void
crawl_params_json(const struct crawl_params *params, struct text *out)
{
	struct crawl_params p = *params;	/* number_of() wants a writable one */

	json_open(out, '{');
	json_kstr(out, "url", p.url);
	json_kstr(out, "knowledge_type", p.knowledge_type);
	for (unsigned i = 0; i < N_LISTS; i++)
		list_json(list_of(&p, &lists[i]), lists[i].name, out);
	for (unsigned i = 0; i < N_NUMBERS; i++)
		json_kint(out, numbers[i].name, *number_of(&p, &numbers[i]));
	json_kbool(out, "extract_code_examples", p.extract_code_examples);
	json_kbool(out, "subdomains", p.subdomains);
	json_close(out, '}');
}

void
crawl_params_source(const struct crawl_params *p, char out[ID_SOURCE_BYTES])
{
	struct text t = { 0 };

	if (upload_is(p->url)) {
		upload_url_source(p->url, out);
		return;
	}
	/* The start URL and what narrows or widens the scope; depth and speed do not. */
	text_puts(&t, p->url);
	text_putc(&t, '\n');
	list_json(&p->include, "include", &t);
	list_json(&p->exclude, "exclude", &t);
	if (p->hosts.n > 0)
		list_json(&p->hosts, "hosts", &t);
	if (p->subdomains)
		text_puts(&t, "subdomains");
	id_source(out, t.p, t.len);	/* out of memory: shorter, still an id */
	text_fini(&t);
}
