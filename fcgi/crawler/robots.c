#include "config.h"

#include "crawler/robots.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PATTERN_BYTES = 3 * 2048 };	/* longest URL, every byte encoded */

struct reader {
	struct robots *out;		/* rules of groups that name us */
	struct robots  every;		/* rules of `*` groups */
	const char    *agent;
	bool	       named;		/* a group named us, even an empty one */
	bool	       in_agents;	/* the last line with a meaning was a user-agent line */
	bool	       ours, everybodys;	/* the present group is for */
};

static bool
is_unreserved(int c)
{
	return isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/*
 * One spelling for what section 2.2.2 calls equal; len of it, at most PATTERN_BYTES.
 * Where '*' and '$' mean themselves (section 2.2.3) they are encoded, too: all of a
 * target's, and a '$' that does not end its pattern.
 */
static size_t
normalise(char out[PATTERN_BYTES], const char *s, size_t len, bool pattern)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t n = 0;

	for (size_t i = 0; i < len && n + 3 <= PATTERN_BYTES; i++) {
		uint8_t c = (uint8_t)s[i];

		if (c == '%' && len - i > 2 && hex_value(s[i + 1]) >= 0 && hex_value(s[i + 2]) >= 0) {
			int v = hex_value(s[i + 1]) << 4 | hex_value(s[i + 2]);

			if (v < 0x80 && is_unreserved(v)) {
				out[n++] = (char)v;
			} else {
				out[n++] = '%';
				out[n++] = hex[v >> 4];
				out[n++] = hex[v & 15];
			}
			i += 2;
		} else if (c <= 0x20 || c >= 0x7f || (c == '*' && !pattern) || (c == '$' && !(pattern && i + 1 == len))) {
			out[n++] = '%';
			out[n++] = hex[c >> 4];
			out[n++] = hex[c & 15];
		} else {
			out[n++] = (char)c;
		}
	}
	return n;
}

/* -- reading --------------------------------------------------------------- */

/* Does s begin with the product token of agent (section 2.2.1: letters, '-' and '_')? */
static bool
is_token(struct slice s, const char *agent)
{
	size_t n = 0, len = 0;

	while (isalpha((unsigned char)agent[n]) || agent[n] == '-' || agent[n] == '_')
		n++;
	while (len < s.len && (isalpha((unsigned char)s.p[len]) || s.p[len] == '-' || s.p[len] == '_'))
		len++;
	return len > 0 && len == n && strncasecmp(s.p, agent, n) == 0;
}

static int
add_rule(struct robots *r, struct slice value, bool allow)
{
	char pattern[PATTERN_BYTES];
	struct robots_rule *rules;
	size_t len;

	if (value.len == 0 || r->n_rules == ROBOTS_MAX_RULES)
		return 0;		/* an empty Disallow forbids nothing */
	if (value.p[0] != '/' && value.p[0] != '*')
		return 0;
	len = normalise(pattern, value.p, value.len, true);
	if ((r->n_rules & (r->n_rules + 1)) == 0 || r->rules == NULL) {	/* room runs out at 2^n - 1 */
		rules = realloc(r->rules, ((size_t)r->n_rules + 1) * 2 * sizeof *rules);
		if (rules == NULL)
			return -ENOMEM;
		r->rules = rules;
	}
	if ((r->rules[r->n_rules].pattern = malloc(len + 1)) == NULL)
		return -ENOMEM;
	memcpy(r->rules[r->n_rules].pattern, pattern, len);
	r->rules[r->n_rules].pattern[len] = '\0';
	r->rules[r->n_rules].len = len;
	r->rules[r->n_rules].allow = allow;
	r->n_rules++;
	return 0;
}

static int
add_sitemap(struct robots *r, struct slice value)
{
	if (value.len == 0 || r->n_sitemaps == ROBOTS_MAX_SITEMAPS)
		return 0;
	if ((r->sitemaps[r->n_sitemaps] = strndup(value.p, value.len)) == NULL)
		return -ENOMEM;
	r->n_sitemaps++;
	return 0;
}

static int64_t
delay_ms(struct slice value)		/* seconds, perhaps with a fraction; 0 when not a number */
{
	char s[32];
	double seconds;
	char *end;

	if (value.len == 0 || value.len >= sizeof s)
		return 0;
	memcpy(s, value.p, value.len);
	s[value.len] = '\0';
	seconds = strtod(s, &end);
	if (*end != '\0' || !(seconds > 0))
		return 0;
	return seconds * 1000 >= ROBOTS_MAX_DELAY_MS ? ROBOTS_MAX_DELAY_MS : (int64_t)(seconds * 1000);
}

static bool
key_is(struct slice key, const char *word)
{
	return key.len == strlen(word) && strncasecmp(key.p, word, key.len) == 0;
}

static void
read_agent(struct reader *rd, struct slice value)
{
	if (!rd->in_agents)
		rd->ours = rd->everybodys = false;
	rd->in_agents = true;
	if (value.len > 0 && value.p[0] == '*' && (value.len == 1 || isspace((unsigned char)value.p[1])))
		rd->everybodys = true;
	else if (is_token(value, rd->agent))
		rd->ours = rd->named = true;
}

static int
read_pair(struct reader *rd, struct slice key, struct slice value)
{
	bool allow = key_is(key, "allow");
	int rc = 0;

	if (key_is(key, "user-agent") || key_is(key, "useragent")) {
		read_agent(rd, value);
	} else if (allow || key_is(key, "disallow")) {
		rd->in_agents = false;
		if (rd->ours)
			rc = add_rule(rd->out, value, allow);
		if (rc == 0 && rd->everybodys)
			rc = add_rule(&rd->every, value, allow);
	} else if (key_is(key, "crawl-delay")) {	/* section 2.2.4: of no meaning to where a group ends */
		if (rd->ours)
			rd->out->delay_ms = delay_ms(value);
		if (rd->everybodys)
			rd->every.delay_ms = delay_ms(value);
	} else if (key_is(key, "sitemap")) {
		rc = add_sitemap(rd->out, value);	/* in no group: it does not end one either */
	}
	return rc;
}

static struct slice
trimmed(const char *p, size_t len)
{
	while (len > 0 && (*p == ' ' || *p == '\t')) {
		p++;
		len--;
	}
	while (len > 0 && (p[len - 1] == ' ' || p[len - 1] == '\t'))
		len--;
	return (struct slice){ p, len };
}

/* The end of the key: a colon, or in "disallow /", whose writer forgot it, the blank between two words. */
static const char *
key_end(struct slice line)
{
	const char *end = memchr(line.p, ':', line.len);
	size_t n = 0;

	if (end != NULL)
		return end;
	while (n < line.len && !isspace((unsigned char)line.p[n]))
		n++;
	for (size_t i = n, word = 0; i < line.len; i++) {
		word += !isspace((unsigned char)line.p[i]) && isspace((unsigned char)line.p[i - 1]);
		if (word > 1)
			return NULL;
	}
	return n < line.len ? line.p + n : NULL;
}

static int
read_line(struct reader *rd, const char *p, size_t len)
{
	const char *hash = memchr(p, '#', len), *end;
	struct slice line = trimmed(p, hash != NULL ? (size_t)(hash - p) : len);

	if (line.len == 0 || (end = key_end(line)) == NULL)
		return 0;
	return read_pair(rd, trimmed(line.p, (size_t)(end - line.p)),
	    trimmed(end + 1, line.len - (size_t)(end - line.p) - 1));
}

int
robots_parse(struct robots *out, const char *body, size_t len, const char *agent)
{
	static const char mark[] = "\xef\xbb\xbf";
	struct reader rd = { .out = out, .agent = agent };
	size_t at = 0, end;
	int rc = 0;

	if (len > ROBOTS_MAX_BYTES)
		len = ROBOTS_MAX_BYTES;
	while (at < len && at < sizeof mark - 1 && body[at] == mark[at])	/* a byte order mark, or what is left of one */
		at++;
	for (; at < len && rc == 0; at = end + 1) {
		for (end = at; end < len && body[end] != '\n' && body[end] != '\r'; end++)
			continue;
		rc = read_line(&rd, body + at, end - at);
	}
	if (!rd.named) {		/* section 2.2.1: else the rules of `*` */
		struct robots_rule *rules = out->rules;
		unsigned n = out->n_rules;

		out->rules = rd.every.rules;
		out->n_rules = rd.every.n_rules;
		out->delay_ms = rd.every.delay_ms;
		rd.every.rules = rules;
		rd.every.n_rules = n;
	}
	robots_fini(&rd.every);
	return rc;
}

void
robots_fini(struct robots *r)
{
	for (unsigned i = 0; i < r->n_rules; i++)
		free(r->rules[i].pattern);
	for (unsigned i = 0; i < r->n_sitemaps; i++)
		free(r->sitemaps[i]);
	free(r->rules);
	*r = (struct robots){ 0 };
}

/* -- asking ---------------------------------------------------------------- */

/*
 * A pattern matches a prefix of the target; '*' stands for any bytes, '$' at
 * the end for the end.  What stands between two stars is taken where it occurs
 * first, which leaves most for what follows, and memmem(3) finds it in linear
 * time: a hostile pattern costs no more than its length and that of the target.
 */
static bool
matches(const char *pattern, size_t n, const char *s, size_t len)
{
	const char *end = pattern + n, *star;
	bool anchored = n > 0 && end[-1] == '$';

	end -= anchored;
	star = memchr(pattern, '*', (size_t)(end - pattern));
	if (star == NULL)
		star = end;
	n = (size_t)(star - pattern);
	if (n > len || memcmp(pattern, s, n) != 0)
		return false;
	s += n;
	len -= n;
	if (star == end)
		return !anchored || len == 0;
	for (pattern = star + 1;; pattern = star + 1) {
		const char *found;

		star = memchr(pattern, '*', (size_t)(end - pattern));
		n = (size_t)((star != NULL ? star : end) - pattern);
		if (star == NULL && anchored)
			return n <= len && memcmp(s + len - n, pattern, n) == 0;
		if ((found = memmem(s, len, pattern, n)) == NULL)
			return false;
		if (star == NULL)
			return true;
		len -= (size_t)(found - s) + n;
		s = found + n;
	}
}

bool
robots_allowed(const struct robots *r, struct slice target)
{
	char path[PATTERN_BYTES];
	size_t len, best = 0;
	bool allow = true;

	if (r->disallow_all)
		return slice_is(target, "/robots.txt");
	if (r->n_rules == 0 || slice_is(target, "/robots.txt"))
		return true;
	len = normalise(path, target.p, target.len, false);
	for (unsigned i = 0; i < r->n_rules; i++) {
		const struct robots_rule *rule = &r->rules[i];

		if (rule->len < best || (rule->len == best && (allow || !rule->allow)))
			continue;
		if (matches(rule->pattern, rule->len, path, len)) {
			best = rule->len;
			allow = rule->allow;
		}
	}
	return allow;
}

/* -- pages ----------------------------------------------------------------- */

/* Rules that have a value behind a colon: what stands before it is then no robot. */
static bool
has_value(struct slice name)
{
	return slice_is(name, "unavailable_after") || slice_is(name, "max-snippet") ||
	    slice_is(name, "max-image-preview") || slice_is(name, "max-video-preview");
}

void
robots_tag(struct slice value, const char *agent, bool *noindex, bool *nofollow)
{
	bool ours = true;

	while (value.len > 0) {
		const char *comma = memchr(value.p, ',', value.len);
		size_t len = comma != NULL ? (size_t)(comma - value.p) : value.len;
		struct slice rule = trimmed(value.p, len);
		const char *colon = memchr(rule.p, ':', rule.len);
		struct slice name = trimmed(rule.p, colon != NULL ? (size_t)(colon - rule.p) : 0);

		if (colon != NULL && !has_value(name) && memchr(name.p, ' ', name.len) == NULL) {	/* a date has blanks */
			ours = is_token(name, agent);
			rule = trimmed(colon + 1, rule.len - (size_t)(colon - rule.p) - 1);
		}
		if (ours && (key_is(rule, "noindex") || key_is(rule, "none")))
			*noindex = true;
		if (ours && (key_is(rule, "nofollow") || key_is(rule, "none")))
			*nofollow = true;
		len += comma != NULL;
		value.p += len;
		value.len -= len;
	}
}
