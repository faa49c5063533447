/* The page's way in: a token becomes a cookie that scripts of the page cannot read. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/json_text.h"
#include "shared/log.h"
#include "shared/revoked.h"

#include "api/api.h"
#include "api/gate.h"
#include "api/json_body.h"
#include "api/routes.h"

static void
cookie_put(const struct request *rq, struct reply *out, const char *value, int64_t seconds)
{
	reply_header(out, "Set-Cookie", "%s=%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Strict%s", gate_cookie_name(rq), value,
	    (long long)seconds, strcmp(request_param(rq, "HTTPS"), "on") == 0 ? "; Secure" : "");
}

static int
refuse_login(const struct request *rq, struct reply *out, const struct access_no *why)
{
	unsigned wait_s = gate_wait_s(rq, why);

	if (wait_s > 0)
		reply_header(out, "Retry-After", "%u", wait_s);
	return reply_error(out, why->status, why->code, why->status == 401 ? "token" : NULL, "%s", why->sentence);
}

/* Sessions of that token have ended: what is open under it is asked for again. */
static void
streams_end(const struct request *rq, const char *token_name)
{
	struct table *t = api_table_get(rq);
	int rc = t != NULL ? revoked_tell(t, token_name) : 0;	/* without a table no relay has clients of ours */

	api_table_put(rq);
	if (rc < 0)
		log_event(LOG_ERR, "open streams not ended id=%s token=%s errno=%d", rq->request_id, token_name, -rc);
}

static int
begin(const struct request *rq, const struct token *t, struct reply *out)
{
	int64_t now_ms = clock_wall_ms(), expires_ms = now_ms + SESSION_MS;
	char secret[CREDENTIAL_TEXT_BYTES];
	struct credential c;
	struct store *st = api_store(rq);
	int rc;

	if (st == NULL)
		return api_no_store(out);
	if (t->expires_ms != 0 && t->expires_ms < expires_ms)
		expires_ms = t->expires_ms;
	credential_make(&c, "", secret);
	if ((rc = store_session_add(st, &c, t->name, now_ms, expires_ms)) < 0)
		return api_store_failed(rq, out, rc);
	if (rc > 0)
		streams_end(rq, t->name);
	cookie_put(rq, out, secret, (expires_ms - now_ms) / 1000);
	json_open(&out->body, '{');
	json_kbool(&out->body, "success", true);
	json_kstr(&out->body, "name", t->name);
	json_kstr(&out->body, "scope", access_scope_word(t->scope));
	json_ktime(&out->body, "expires", expires_ms);
	json_close(&out->body, '}');
	return 200;
}

int
session_begin(const struct request *rq, struct reply *out)
{
	char text[512] = "";
	struct json_object *body;
	struct credential c;
	struct access_no why;
	struct token t;
	int status, rc;

	if ((body = json_body(rq, out, &status)) == NULL)
		return status;
	rc = json_member_string(body, "token", text, sizeof text, out);
	(void)json_object_put(body);
	if (rc < 0)
		return 422;
	if (rc == 0 || text[0] == '\0')
		return reply_error(out, 422, "invalid", "token", "token: the token that archonctl token add printed is needed");
	if (!credential_read(&c, TOKEN_PREFIX, slice_of(text))) {
		gate_wrong(rq, slice_of(text), &why);
		return refuse_login(rq, out, &why);
	}
	return gate_check(rq, &c, false, &t, &why) ? begin(rq, &t, out) : refuse_login(rq, out, &why);
}

int
session_end(const struct request *rq, struct reply *out)
{
	struct store *st = api_store(rq);
	struct credential c;
	struct token t;
	int rc = -ENOENT;

	if (st == NULL)
		return api_no_store(out);
	if (gate_cookie(rq, &c) && (rc = store_token_find(st, &c, true, &t)) == 0)
		rc = store_session_end(st, &c);
	if (rc < 0 && rc != -ENOENT)
		return api_store_failed(rq, out, rc);
	if (rc == 0)
		streams_end(rq, t.name);
	cookie_put(rq, out, "", 0);
	json_open(&out->body, '{');
	json_kbool(&out->body, "success", true);
	json_kstr(&out->body, "message", "Signed out");
	json_close(&out->body, '}');
	return 200;
}

int
session_show(const struct request *rq, struct reply *out)
{
	struct slice name = access_proof_name(slice_of(request_param(rq, "ARCHON_ACCESS")));

	json_open(&out->body, '{');
	json_kstr(&out->body, "access", name.len > 0 ? "required" : "off");
	json_kstr(&out->body, "name", name.p);		/* the rest of a string */
	json_kstr(&out->body, "scope", access_scope_word(rq->scope));
	json_close(&out->body, '}');
	return 200;
}
