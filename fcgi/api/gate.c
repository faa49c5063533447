#include "config.h"

#include "api/gate.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "shared/clock.h"
#include "shared/ids.h"
#include "shared/log.h"

#include "api/api.h"
#include "api/tries.h"

static const struct access_no nobody = { 401, "token_needed",
    "A token is needed here: send Authorization: Bearer TOKEN, or sign in on the page; the operator makes one with archonctl token add" };
static const struct access_no unknown = { 401, "token_unknown",
    "This token is not known here, or was revoked: ask the operator for another" };
static const struct access_no no_session = { 401, "session_ended",
    "This session has ended: sign in again" };
static const struct access_no expired = { 401, "token_expired",
    "This token has expired: ask the operator for another" };
static const struct access_no too_many = { 429, "too_many_tries",
    "Too many wrong tokens came from this address: wait a minute" };
static const struct access_no no_store = { 503, "store_down",
    "The store cannot be opened at the moment, try again" };

/* -- what was sent ------------------------------------------------------------------- */

const char *
gate_cookie_name(const struct request *rq)
{
	return strcmp(request_param(rq, "HTTPS"), "on") == 0 ? "__Host-archon" : "archon";
}

bool
gate_cookie(const struct request *rq, struct credential *out)
{
	const char *name = gate_cookie_name(rq), *at = request_param(rq, "HTTP_COOKIE");
	size_t len = strlen(name);

	while (*at != '\0') {
		size_t n;

		at += strspn(at, "; ");
		n = strcspn(at, ";");
		if (n > len && memcmp(at, name, len) == 0 && at[len] == '=')
			return credential_read(out, "", (struct slice){ at + len + 1, n - len - 1 });
		at += n;
	}
	return false;
}

bool
gate_bearer(const struct request *rq, struct slice *out)
{
	static const char scheme[] = "Bearer ";
	const char *field = request_param(rq, "HTTP_AUTHORIZATION");

	if (strncasecmp(field, scheme, sizeof scheme - 1) != 0)
		return false;
	field += sizeof scheme - 1;
	field += strspn(field, " ");
	*out = slice_of(field);
	return true;
}

/* -- is it good? ----------------------------------------------------------------------- */

static void
wrong(const struct request *rq, uint64_t what, const struct access_no *no, struct access_no *why)
{
	const char *address = request_param(rq, "REMOTE_ADDR");
	bool last = tries_count(address, what, clock_mono_ns() / 1000000);

	log_event(LOG_WARNING, "access refused id=%s address=%s code=%s%s", rq->request_id, address, no->code,
	    last ? " more=\"not looked at for a while\"" : "");
	*why = *no;
}

void
gate_wrong(const struct request *rq, struct slice what, struct access_no *why)
{
	if (tries_wait_s(request_param(rq, "REMOTE_ADDR"), clock_mono_ns() / 1000000) > 0)
		*why = too_many;
	else
		wrong(rq, id_hash(what.p, what.len), &unknown, why);
}

bool
gate_check(const struct request *rq, const struct credential *c, bool session, struct token *out, struct access_no *why)
{
	int64_t now_ms = clock_wall_ms();
	struct store *st;
	int rc;

	if (tries_wait_s(request_param(rq, "REMOTE_ADDR"), clock_mono_ns() / 1000000) > 0) {
		*why = too_many;
		return false;
	}
	if ((st = api_store(rq)) == NULL) {
		*why = no_store;
		return false;
	}
	rc = store_token_find(st, c, session, out);
	if (rc == 0 && (out->expires_ms == 0 || out->expires_ms > now_ms)) {
		if ((rc = store_token_used(st, out, now_ms)) < 0)
			log_event(LOG_WARNING, "use of a token not noted id=%s why=\"%s\"", rq->request_id, store_error(st));
		return true;
	}
	if (rc == 0) {			/* it was good once: no guess */
		*why = session ? no_session : expired;
		log_event(LOG_INFO, "access refused id=%s address=%s code=%s", rq->request_id,
		    request_param(rq, "REMOTE_ADDR"), why->code);
	} else if (rc == -ENOENT) {
		wrong(rq, id_hash(c->hash, sizeof c->hash), session ? &no_session : &unknown, why);
	} else {
		log_event(LOG_ERR, "store failed id=%s what=token errno=%d why=\"%s\"", rq->request_id, -rc, store_error(st));
		*why = no_store;
	}
	return false;
}

unsigned
gate_wait_s(const struct request *rq, const struct access_no *why)
{
	return why->status == 503 ? 2 : why->status != 429 ? 0 : tries_wait_s(request_param(rq, "REMOTE_ADDR"), clock_mono_ns() / 1000000);
}

/* -- nginx's question --------------------------------------------------------------------- */

static int
closed(const struct request *rq, struct reply *out, const struct access_no *why)
{
	unsigned wait_s = gate_wait_s(rq, why);

	reply_header(out, "X-Archon-Status", "%d", why->status);
	reply_header(out, "X-Archon-Code", "%s", why->code);
	reply_header(out, "X-Archon-Why", "%s", why->sentence);
	if (wait_s > 0)
		reply_header(out, "X-Archon-Retry", "%u", wait_s);
	if (why->status == 401)
		reply_header(out, "WWW-Authenticate", "Bearer realm=\"archon\"%s",
		    why->code == nobody.code ? "" : ", error=\"invalid_token\"");
	out->no_etag = true;
	return 401;			/* of 401 alone nginx passes WWW-Authenticate on */
}

static struct slice
query_of(const char *uri)
{
	const char *mark = strchr(uri, '?');

	return slice_of(mark != NULL ? mark + 1 : NULL);
}

int
gate_ask(const struct request *rq, struct reply *out)
{
	struct access_ask ask = { 0 };		/* of which the place is looked at here */
	bool good, session = false;
	struct credential c;
	struct access_no why;
	struct slice given;
	struct token t;

	/* Where no token is asked for, each program judges by itself; and a browser asks without one whether it may ask. */
	request_ask(rq, &ask);
	if (access_place(api_conf(rq), &ask) != ACCESS_CLOSED || strcmp(request_param(rq, "ARCHON_METHOD"), "OPTIONS") == 0)
		return 204;
	if (access_token_in(query_of(request_param(rq, "REQUEST_URI"))))
		return closed(rq, out, &access_token_in_url);
	if (gate_bearer(rq, &given)) {
		if (!credential_read(&c, TOKEN_PREFIX, given)) {
			gate_wrong(rq, given, &why);
			return closed(rq, out, &why);
		}
	} else if (!(session = gate_cookie(rq, &c))) {
		return closed(rq, out, &nobody);
	}
	if (!(good = gate_check(rq, &c, session, &t, &why)))
		return closed(rq, out, &why);
	reply_header(out, "X-Archon-Access", "%s %s %s", access_scope_word(t.scope), session ? "cookie" : "bearer", t.name);
	if (t.expires_ms != 0)
		reply_header(out, "X-Archon-Until", "%lld", (long long)t.expires_ms);
	return 204;
}
