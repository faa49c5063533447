#include "config.h"

#include "shared/params_secret.h"

#include <ctype.h>
#include <errno.h>
#include <nettle/base64.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool
is_token(const char *s)			/* RFC 9110, section 5.6.2 */
{
	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++)
		if (!isalnum((unsigned char)*s) && strchr("!#$%&'*+-.^_`|~", *s) == NULL)
			return false;
	return true;
}

static bool
is_value(const char *s, size_t len, bool cookie)	/* without what could end the line */
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] < ' ' || s[i] == 0x7f || (cookie && strchr(";, \"\\", s[i]) != NULL))
			return false;
	return true;
}

/* What the crawler decides itself, and what frames the request. */
static bool
is_ours(const char *name)
{
	static const char *const ours[] = {
		"host", "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade", "expect",
		"range", "accept-encoding", "if-none-match", "if-modified-since", "user-agent", "proxy-authorization",
	};

	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
		if (strcasecmp(ours[i], name) == 0)
			return true;
	return false;
}

static int
put(struct crawl_params *p, const char *what, struct text *line, struct err *e)
{
	size_t used = strlen(p->secrets);

	text_putc(line, '\n');
	if (line->failed)
		return err_set(e, -ENOMEM, "out of memory");
	if (used + line->len >= sizeof p->secrets)
		return err_set(e, -EINVAL, "%s: at most %zu bytes are accepted together", what, sizeof p->secrets - 1);
	memcpy(p->secrets + used, line->p, line->len);
	p->secrets[used + line->len] = '\0';
	return 0;
}

static int
basic_auth_read(struct crawl_params *p, struct json_object *o, struct err *e)
{
	struct json_object *user, *password;
	struct text plain = { 0 }, line = { 0 };
	char *coded;
	int rc;

	if (!json_object_object_get_ex(o, "username", &user) || !json_object_is_type(user, json_type_string) ||
	    !json_object_object_get_ex(o, "password", &password) || !json_object_is_type(password, json_type_string) ||
	    strchr(json_object_get_string(user), ':') != NULL)
		return err_set(e, -EINVAL, "basic_auth must be an object with the strings username (without a colon) and password");
	text_printf(&plain, "%s:%s", json_object_get_string(user), json_object_get_string(password));
	if (plain.failed || (coded = malloc(BASE64_ENCODE_RAW_LENGTH(plain.len) + 1)) == NULL) {
		text_fini(&plain);
		return err_set(e, -ENOMEM, "out of memory");
	}
	base64_encode_raw(coded, plain.len, (const uint8_t *)plain.p);
	coded[BASE64_ENCODE_RAW_LENGTH(plain.len)] = '\0';
	text_printf(&line, "Authorization: Basic %s", coded);
	rc = put(p, "basic_auth", &line, e);
	free(coded);
	text_fini(&plain);
	text_fini(&line);
	return rc;
}

static int
pairs_read(struct crawl_params *p, const char *what, bool cookies, struct json_object *o, struct err *e)
{
	struct json_object_iterator it = json_object_iter_begin(o), end = json_object_iter_end(o);
	struct text line = { 0 };
	int rc = 0;

	for (; rc == 0 && !json_object_iter_equal(&it, &end); json_object_iter_next(&it)) {
		struct json_object *v = json_object_iter_peek_value(&it);
		const char *name = json_object_iter_peek_name(&it);

		if (!is_token(name) || (!cookies && is_ours(name)))
			rc = err_set(e, -EINVAL, "%s: \"%.40s\" cannot be set", what, name);
		else if (!json_object_is_type(v, json_type_string) ||
		    !is_value(json_object_get_string(v), (size_t)json_object_get_string_len(v), cookies))
			rc = err_set(e, -EINVAL, "%s: the value of %.40s must be a string without control characters%s", what, name,
			    cookies ? ", blanks, quotes, commas and semicolons" : "");
		else if (cookies)
			text_printf(&line, "%s%s=%s", line.len == 0 ? "Cookie: " : "; ", name, json_object_get_string(v));
		else {
			text_printf(&line, "%s: %s", name, json_object_get_string(v));
			rc = put(p, what, &line, e);
			text_clear(&line);
		}
	}
	if (rc == 0 && line.len > 0)
		rc = put(p, what, &line, e);
	text_fini(&line);
	return rc;
}

int
params_secret_read(struct crawl_params *p, const char *name, struct json_object *o,
    const char **field, struct err *e)
{
	bool cookies = strcmp(name, "cookies") == 0;

	*field = cookies ? "cookies" : strcmp(name, "headers") == 0 ? "headers" : "basic_auth";
	if (!json_object_is_type(o, json_type_object))
		return err_set(e, -EINVAL, "%s must be an object", *field);
	return strcmp(name, "basic_auth") == 0 ? basic_auth_read(p, o, e) : pairs_read(p, *field, cookies, o, e);
}
