#include "config.h"

#include "crawler/scope.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

void
scope_init(struct scope *s, const struct url *start, const struct crawl_params *params)
{
	struct slice path;
	size_t at;

	s->base = *start;
	s->params = params;
	path = url_path(&s->base);
	for (at = path.len; path.p[at - 1] != '/'; at--)
		continue;
	/* "/docs" and "/docs/" open "/docs/..."; "/docs/index.html" opens "/docs/". */
	s->prefix_len = memchr(path.p + at, '.', path.len - at) != NULL || at == path.len ? at : path.len;
}

/* -- globs ----------------------------------------------------------------- */

bool
glob_match(const char *g, size_t gn, const char *s, size_t len)
{
	/* Where to go on after a mismatch: at the last `*`, and at the last `**` before it. */
	size_t star = SIZE_MAX, star_s = 0, deep = SIZE_MAX, deep_s = 0, gi = 0, i = 0;

	for (;;) {
		if (gi < gn && g[gi] == '*') {
			if (gn - gi >= 2 && g[gi + 1] == '*') {
				gi += 2;
				/* "/" + "**" + "/" is also one slash: begin at the one just passed. */
				if (gi < gn && g[gi] == '/' && i > 0 && s[i - 1] == '/')
					i--;
				deep = gi;
				deep_s = i;
				star = SIZE_MAX;
			} else {
				star = ++gi;
				star_s = i;
			}
		} else if (gi == gn && i == len) {
			return true;
		} else if (gi < gn && i < len && g[gi] == s[i]) {
			gi++;
			i++;
		} else if (star != SIZE_MAX && star_s < len && s[star_s] != '/') {
			gi = star;
			i = ++star_s;
		} else if (deep != SIZE_MAX && deep_s < len) {
			star = SIZE_MAX;
			gi = deep;
			i = ++deep_s;
		} else {
			return false;
		}
	}
}

static bool
list_matches(const struct params_list *list, const struct url *u)
{
	for (unsigned i = 0; i < list->n; i++) {
		const char *glob = list->item[i];
		size_t end = strchr(glob, '?') != NULL ? u->len : u->query_at;

		if (glob_match(glob, strlen(glob), u->text + u->path_at, end - u->path_at))
			return true;
	}
	return false;
}

/* -- verdicts -------------------------------------------------------------- */

static bool
is_binary(struct slice path)
{
	static const char *const ext[] = {	/* sorted */
		"7z", "aac", "apk", "avi", "avif", "bin", "bmp", "bz2", "class", "css", "csv", "deb", "dll",
		"dmg", "doc", "docx", "eot", "epub", "exe", "flac", "gif", "ico", "ics", "img", "iso", "jar",
		"jpeg", "jpg", "js", "json", "map", "mjs", "mkv", "mobi", "mov", "mp3", "mp4", "mpeg", "mpg",
		"msi", "odt", "ogg", "ogv", "otf", "pdf", "pkg", "png", "ppt", "pptx", "ps", "rar", "rpm", "rss",
		"so", "svg", "svgz", "swf", "tar", "tbz2", "tgz", "tif", "tiff", "ttf", "txz", "wasm", "wav",
		"webm", "webmanifest", "webp", "whl", "wmv", "woff", "woff2", "xls", "xlsx", "xz", "zip", "zst",
	};
	size_t at = path.len, lo = 0, hi = sizeof ext / sizeof ext[0];

	while (at > 0 && path.p[at - 1] != '.' && path.p[at - 1] != '/')
		at--;
	if (at == 0 || path.p[at - 1] == '/' || path.len == at || path.len - at > 11)
		return false;
	if (path.len - at == 2 && strncasecmp(path.p + at, "gz", 2) == 0)	/* only a sitemap is worth unpacking */
		return at < 5 || strncasecmp(path.p + at - 5, ".xml.", 5) != 0;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2, n = path.len - at;
		int c = strncasecmp(path.p + at, ext[mid], n);

		if (c == 0 && ext[mid][n] == '\0')
			return true;
		if (c <= 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return false;
}

bool
scope_same_site(const struct scope *s, const struct url *u)
{
	struct slice a = url_host(&s->base), b = url_host(u);

	if (a.len != b.len || memcmp(a.p, b.p, a.len) != 0)
		return false;
	/* One site on both default ports; any other port is a site of its own. */
	return s->base.port == u->port ||
	    (s->base.port == (s->base.https ? 443 : 80) && u->port == (u->https ? 443 : 80));
}

static bool
is_below(struct slice host, const char *of, size_t len)	/* a subdomain */
{
	return host.len > len + 1 && host.p[host.len - len - 1] == '.' && memcmp(host.p + host.len - len, of, len) == 0;
}

/* Not the start's site, but one that was asked for beside it? */
static bool
is_further_host(const struct scope *s, const struct url *u)
{
	struct slice host = url_host(u), base = url_host(&s->base), site = url_origin(u);

	for (unsigned i = 0; i < s->params->hosts.n; i++) {
		const char *item = s->params->hosts.item[i];
		size_t len = strlen(item);

		if ((host.len == len && memcmp(host.p, item, len) == 0) ||
		    (site.len > len && site.p[site.len - len - 1] == '/' && memcmp(site.p + site.len - len, item, len) == 0) ||
		    (s->params->subdomains && is_below(host, item, len)))
			return true;
	}
	if (!s->params->subdomains)
		return false;
	if (base.len > 4 && memcmp(base.p, "www.", 4) == 0) {
		base.p += 4;
		base.len -= 4;
	}
	return (host.len == base.len && memcmp(host.p, base.p, base.len) == 0) || is_below(host, base.p, base.len);
}

static bool
under_prefix(const struct scope *s, struct slice path)
{
	const char *prefix = s->base.text + s->base.path_at;

	if (path.len < s->prefix_len || memcmp(path.p, prefix, s->prefix_len) != 0)
		return false;
	return path.len == s->prefix_len || prefix[s->prefix_len - 1] == '/' || path.p[s->prefix_len] == '/';
}

enum scope_verdict
scope_check_listed(const struct scope *s, const struct url *u)
{
	if (!scope_same_site(s, u) && !is_further_host(s, u))
		return SCOPE_OUTSIDE;
	if (is_binary(url_path(u)))
		return SCOPE_BINARY;
	if (list_matches(&s->params->exclude, u))
		return SCOPE_EXCLUDED;
	if (s->params->include.n > 0 && !list_matches(&s->params->include, u))
		return SCOPE_EXCLUDED;
	return SCOPE_IN;
}

enum scope_verdict
scope_check(const struct scope *s, const struct url *u)
{
	if (scope_same_site(s, u) && !under_prefix(s, url_path(u)))
		return SCOPE_OUTSIDE;
	return scope_check_listed(s, u);
}

/* -- canonical form -------------------------------------------------------- */

/* A parameter that never changes what the page says. */
enum noise { NOISE_NONE, NOISE_TRACKING, NOISE_SESSION };

static enum noise
noise_of(const char *name, size_t len)
{
	static const char *const names[] = {
		"gclid", "dclid", "gbraid", "wbraid", "fbclid", "msclkid", "yclid", "twclid", "igshid",
		"mc_cid", "mc_eid", "_ga", "_gl", "_hsenc", "_hsmi", "mkt_tok", "ref_src",
	}, *const sessions[] = {
		"phpsessid", "jsessionid", "aspsessionid", "sessionid", "session_id", "sid",
	};

	if (len > 4 && strncasecmp(name, "utm_", 4) == 0)
		return NOISE_TRACKING;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strlen(names[i]) == len && strncasecmp(name, names[i], len) == 0)
			return NOISE_TRACKING;
	for (size_t i = 0; i < sizeof sessions / sizeof sessions[0]; i++)
		if (strlen(sessions[i]) == len && strncasecmp(name, sessions[i], len) == 0)
			return NOISE_SESSION;
	return NOISE_NONE;
}

static void
cut(struct url *u, size_t from, size_t to)	/* take [from, to) out of the text, after the host */
{
	memmove(u->text + from, u->text + to, u->len - to + 1);
	u->len = (uint16_t)(u->len - (to - from));
	if (u->query_at >= to)
		u->query_at = (uint16_t)(u->query_at - (to - from));
}

static bool
drop_path_session(struct url *u)		/* ";jsessionid=..." */
{
	struct url again;

	for (size_t i = u->path_at; i < u->query_at; i++)
		if (u->text[i] == ';' && strncasecmp(u->text + i, ";jsessionid=", 12) == 0) {
			size_t end = i + 12;

			while (end < u->query_at && u->text[end] != '/' && u->text[end] != ';')
				end++;
			cut(u, i, end);
			/* What is left may be a dot segment. */
			if (url_parse(&again, u->text) == 0)
				*u = again;
			return true;
		}
	return false;
}

static bool
drop_noise(struct url *u)		/* true: a session id was among it */
{
	size_t at = u->query_at + 1u, end, name;
	bool session = false;

	while (at < u->len) {
		for (end = at; end < u->len && u->text[end] != '&'; end++)
			continue;
		for (name = at; name < end && u->text[name] != '='; name++)
			continue;
		enum noise noise = noise_of(u->text + at, name - at);

		session |= noise == NOISE_SESSION;
		if (name == at ? end == at : noise != NOISE_NONE)
			cut(u, end < u->len ? at : at - 1u, end < u->len ? end + 1 : end);
		else
			at = end + 1;
	}
	while (u->len > u->query_at + 1u && u->text[u->len - 1] == '&')
		cut(u, u->len - 1u, u->len);
	if (u->len == u->query_at + 1u)
		cut(u, u->query_at, u->len);
	return session;
}

bool
scope_canonical(const struct scope *s, struct url *u)
{
	bool session;

	if (s->base.https && !u->https && u->port == 80 && s->base.port == 443 && scope_same_site(s, u) &&
	    u->len + 1u < sizeof u->text) {
		memmove(u->text + 5, u->text + 4, u->len - 4u + 1);
		u->text[4] = 's';
		u->len++;
		u->host_at++;
		u->path_at++;
		u->query_at++;
		u->port = 443;
		u->https = true;
	}
	session = drop_path_session(u);
	if (u->query_at < u->len)
		session |= drop_noise(u);
	return session;
}
