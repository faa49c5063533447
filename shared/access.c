#include "config.h"

#include "shared/access.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "shared/text.h"
#include "shared/url.h"

/* -- words ------------------------------------------------------------------------- */

static const char *const scope_word[] = {
	[SCOPE_ANY] = "any", [SCOPE_READ] = "read", [SCOPE_CRAWL] = "crawl", [SCOPE_ADMIN] = "admin",
};

const char *
access_scope_word(enum access_scope s)
{
	return scope_word[s];
}

bool
access_scope_parse(struct slice word, enum access_scope *out)
{
	for (int s = SCOPE_READ; s <= SCOPE_ADMIN; s++)
		if (slice_is(word, scope_word[s])) {
			*out = (enum access_scope)s;
			return true;
		}
	return false;
}

/* -- addresses and names ------------------------------------------------------------- */

static bool
address_parse(struct slice s, struct in6_addr *out)	/* IPv4 as ::ffff:a.b.c.d */
{
	char text[INET6_ADDRSTRLEN + 8] = "::ffff:";
	size_t at = memchr(s.p != NULL ? s.p : "", ':', s.len) != NULL ? 0 : 7;

	if (s.len == 0 || s.len >= INET6_ADDRSTRLEN)
		return false;
	memcpy(text + at, s.p, s.len);
	text[at + s.len] = '\0';
	return inet_pton(AF_INET6, text, out) == 1;
}

static bool
address_is_loopback(struct slice s)
{
	struct in6_addr a;

	return address_parse(s, &a) && (IN6_IS_ADDR_LOOPBACK(&a) || (IN6_IS_ADDR_V4MAPPED(&a) && a.s6_addr[12] == 127));
}

bool
access_is_local(struct slice addr)
{
	static const char unix_[] = "unix:";

	return (addr.len >= sizeof unix_ - 1 && memcmp(addr.p, unix_, sizeof unix_ - 1) == 0) || address_is_loopback(addr);
}

static bool
same(struct slice a, struct slice b)
{
	return a.len == b.len && a.len > 0 && strncasecmp(a.p, b.p, a.len) == 0;
}

/* Host without its port, an IPv6 address without its brackets; what is neither, as localhost:x@y, is no name: empty. */
static struct slice
name_of(struct slice host)
{
	bool v6 = host.len > 0 && host.p[0] == '[';
	const char *end = host.len > 0 ? memchr(host.p, v6 ? ']' : ':', host.len) : NULL;
	struct slice name = { v6 ? host.p + 1 : host.p, (end != NULL ? (size_t)(end - host.p) : host.len) - v6 };
	size_t at = name.len + 2 * (size_t)v6;		/* of the port's colon */

	if (host.len == 0 || (v6 && end == NULL))
		return (struct slice){ NULL, 0 };
	if (at < host.len && host.p[at++] != ':')
		return (struct slice){ NULL, 0 };
	for (; at < host.len; at++)
		if (host.p[at] < '0' || host.p[at] > '9')
			return (struct slice){ NULL, 0 };
	return name;
}

static bool
name_is_loopback(struct slice name)	/* localhost and what is below it: RFC 6761, 6.3 */
{
	static const char local[] = ".localhost";
	const size_t n = sizeof local - 1;

	return same(name, slice_of(local + 1)) || address_is_loopback(name) ||
	    (name.len > n && same((struct slice){ name.p + name.len - n, n }, slice_of(local)));
}

/* -- origins ------------------------------------------------------------------------- */

struct origin {
	bool	     https;
	struct slice authority;		/* without the scheme's default port */
};

static struct slice
without_port(struct slice authority, const char *port)
{
	size_t n = strlen(port);

	if (authority.len > n && memcmp(authority.p + authority.len - n, port, n) == 0)
		authority.len -= n;
	return authority;
}

static bool
origin_parse(struct slice s, struct origin *out)	/* "null", an extension's ...: false */
{
	static const struct { const char *scheme, *port; } known[] = { { "http://", ":80" }, { "https://", ":443" } };

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		size_t n = strlen(known[i].scheme);

		if (s.len <= n || strncasecmp(s.p, known[i].scheme, n) != 0)
			continue;
		out->https = i == 1;
		out->authority = without_port((struct slice){ s.p + n, s.len - n }, known[i].port);
		return true;
	}
	return false;
}

static bool
origin_same(const struct origin *a, struct slice text)
{
	struct origin b;

	return origin_parse(text, &b) && a->https == b.https && same(a->authority, b.authority);
}

unsigned
access_allowed(const struct conf *conf, struct slice origin)
{
	struct origin o;

	if (!origin_parse(origin, &o))
		return 0;
	for (unsigned n = 1;; n++) {
		struct slice one = access_allowed_text(conf, n);

		if (one.len == 0)
			return 0;
		if (origin_same(&o, one))
			return n;
	}
}

struct slice
access_allowed_text(const struct conf *conf, unsigned n)
{
	const char *at = conf->allow_origins;
	size_t len = 0;

	for (; n > 0; n--) {
		at += len;
		at += strspn(at, " \t");
		len = strcspn(at, " \t");
	}
	return (struct slice){ at, len };
}

static struct slice
public_origin(const struct conf *conf, struct url *u)	/* borrowed from *u */
{
	return url_parse(u, conf->public_url) == 0 ? url_origin(u) : (struct slice){ NULL, 0 };
}

/* Ours (the host that was called, or public_url), or allowed. */
static bool
origin_may(const struct conf *conf, const struct access_ask *ask)
{
	struct origin o;
	struct url u;

	return origin_parse(ask->origin, &o) &&
	    (same(o.authority, without_port(ask->host, o.https ? ":443" : ":80")) ||
	    origin_same(&o, public_origin(conf, &u)) || access_allowed(conf, ask->origin) != 0);
}

/* -- refusals ------------------------------------------------------------------------ */

const struct access_no access_token_in_url = { 400, "token_in_url",
    "A token never stands in an address, which logs and histories keep: send it as Authorization: Bearer, and revoke this one" };

static const struct access_no unproved = { 403, "access_unproved",
    "archon is served to others here, but nginx does not check who they are: include access.conf in this server {}, or set access = off in archon.conf" };
static const struct access_no foreign_host = { 403, "foreign_host",
    "This name is not known here: call archon as localhost or by its address, or set public_url or server_name to the name" };
static const struct access_no foreign_origin = { 403, "foreign_origin",
    "Pages of this origin may not do this; the operator can allow it with allow_origins" };
static const struct access_no origin_needed = { 403, "origin_needed",
    "With a cookie this is taken from archon's own page alone: scripts send a token as Authorization: Bearer" };
static const struct access_no needs_crawl = { 403, "scope_too_small",
    "This token may only read: ask the operator for one with scope crawl" };
static const struct access_no needs_admin = { 403, "scope_too_small",
    "This token may not do that: ask the operator for one with scope admin" };

static int
refused(struct access_no *why, const struct access_no *no)
{
	*why = *no;
	return no->status;
}

/* -- judging ------------------------------------------------------------------------- */

bool
access_token_in(struct slice query)
{
	static const char *const name[] = { "token=", "access_token=" };

	for (size_t at = 0; at < query.len;) {
		const char *amp = memchr(query.p + at, '&', query.len - at);
		size_t len = amp != NULL ? (size_t)(amp - query.p) - at : query.len - at;

		for (size_t i = 0; i < sizeof name / sizeof name[0]; i++)
			if (len >= strlen(name[i]) && strncasecmp(query.p + at, name[i], strlen(name[i])) == 0)
				return true;
		at += len + 1;
	}
	return false;
}

enum access_place
access_place(const struct conf *conf, const struct access_ask *ask)
{
	struct slice name = name_of(ask->host);
	struct in6_addr a;
	struct url u;
	bool published;

	if (conf->access == ACCESS_REQUIRED ||
	    (conf->access == ACCESS_AUTO && (!access_is_local(ask->server_addr) || ask->proxied.len > 0)))
		return ACCESS_CLOSED;
	/* Without a Host it is no browser. */
	if (ask->host.len == 0 || name_is_loopback(name))
		return ACCESS_OPEN;
	published = same(name, ask->server_name) || address_parse(name, &a) ||
	    (url_parse(&u, conf->public_url) == 0 && same(name, name_of(url_host(&u))));
	if (!published)
		return ACCESS_FOREIGN;
	/* On loopback under a name or address that others use: something passes their requests on. */
	return conf->access == ACCESS_AUTO ? ACCESS_CLOSED : ACCESS_OPEN;
}

static bool
proof_parse(struct slice proof, enum access_scope *held, bool *by_cookie)
{
	const char *blank = proof.len > 0 ? memchr(proof.p, ' ', proof.len) : NULL;
	struct slice word = { proof.p, blank != NULL ? (size_t)(blank - proof.p) : 0 };
	static const char cookie[] = " cookie ", bearer[] = " bearer ";
	size_t left = proof.len - word.len;

	_Static_assert(sizeof cookie == sizeof bearer, "one length below");
	if (blank == NULL || left < sizeof cookie - 1 || !access_scope_parse(word, held))
		return false;
	*by_cookie = memcmp(blank, cookie, sizeof cookie - 1) == 0;
	return *by_cookie || memcmp(blank, bearer, sizeof bearer - 1) == 0;
}

struct slice
access_proof_name(struct slice proof)
{
	enum access_scope held;
	bool by_cookie;
	const char *end = proof.p + proof.len, *name = end;

	if (!proof_parse(proof, &held, &by_cookie))
		return (struct slice){ NULL, 0 };
	while (name > proof.p && name[-1] != ' ')	/* one has no blanks (token_name_is_good()) */
		name--;
	return (struct slice){ name, (size_t)(end - name) };
}

static int
origin_judge(const struct conf *conf, const struct access_ask *ask, bool by_cookie, struct access_no *why)
{
	bool own = slice_is(ask->fetch_site, "same-origin");

	if (ask->kind == ACCESS_READS)
		return 0;
	if (ask->origin.len > 0)
		return origin_may(conf, ask) ? 0 : refused(why, &foreign_origin);
	if (ask->kind != ACCESS_CHANGES)
		return 0;		/* browsers leave it out when an EventSource is of the same origin */
	if (ask->fetch_site.len > 0 && !own && !slice_is(ask->fetch_site, "none"))
		return refused(why, &foreign_origin);
	return by_cookie && !own ? refused(why, &origin_needed) : 0;
}

int
access_judge(const struct conf *conf, const struct access_ask *ask, enum access_scope *held, struct access_no *why)
{
	bool by_cookie = false;
	int status;

	*held = SCOPE_ANY;
	if (access_token_in(ask->query))
		return refused(why, &access_token_in_url);
	if (!proof_parse(ask->proof, held, &by_cookie)) {
		switch (access_place(conf, ask)) {
		case ACCESS_OPEN:
			*held = SCOPE_ADMIN;
			break;
		case ACCESS_FOREIGN:
			return refused(why, &foreign_host);
		case ACCESS_CLOSED:
			if (ask->need != SCOPE_ANY)
				return refused(why, &unproved);
			break;
		}
	}
	if ((status = origin_judge(conf, ask, by_cookie, why)) != 0)
		return status;
	if (*held < ask->need)
		return refused(why, ask->need == SCOPE_CRAWL ? &needs_crawl : &needs_admin);
	return 0;
}
