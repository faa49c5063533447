#include "config.h"

#include "mcp/door.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "shared/url.h"

/* -- Origin ------------------------------------------------------------------------ */

static bool
same_origin(const char *origin, struct slice allowed)
{
	char one[CONF_TEXT_BYTES];
	struct url a, b;

	if (allowed.len >= sizeof one)
		return false;
	memcpy(one, allowed.p, allowed.len);
	one[allowed.len] = '\0';
	return url_parse(&a, origin) == 0 && url_parse(&b, one) == 0 && url_same_origin(&a, &b);
}

/* An address, or localhost: no name that somebody else could let point here. */
static bool
host_is_ours_to_give(struct slice host)
{
	static const char dots[] = "0123456789.";
	size_t n = 0;

	if (slice_is(host, "localhost") || (host.len > 2 && host.p[0] == '['))
		return true;
	while (n < host.len && strchr(dots, host.p[n]) != NULL)
		n++;
	return host.len > 0 && n == host.len;	/* url_parse() takes such a host as an IPv4 address or not at all */
}

bool
door_origin_may(const char *origin, const char *host, const struct conf *conf)
{
	const char *at = conf->allow_origins;
	char called[CONF_TEXT_BYTES];
	struct url u;

	if (*origin == '\0')
		return true;
	if (url_parse(&u, origin) < 0)
		return false;
	if (same_origin(origin, slice_of(conf->public_url)))
		return true;
	for (size_t n; at += strspn(at, " \t"), (n = strcspn(at, " \t")) > 0; at += n)
		if (same_origin(origin, (struct slice){ at, n }))
			return true;
	if (!host_is_ours_to_give(url_host(&u)) || strlen(host) >= sizeof called - 9)
		return false;
	(void)snprintf(called, sizeof called, "%s%s", u.https ? "https://" : "http://", host);
	return same_origin(origin, slice_of(called));
}

/* -- Accept ------------------------------------------------------------------------ */

static bool
is_refused(const char *params, const char *end)		/* "; q=0", "; q=0.000" */
{
	for (const char *p = params; p < end; p++) {
		if (*p != ';')
			continue;
		p++;
		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		if (end - p >= 3 && (*p == 'q' || *p == 'Q') && p[1] == '=')
			return strtod(p + 2, NULL) <= 0;
	}
	return false;
}

static bool
range_has(const char *range, size_t len, const char *type, const char *any)
{
	return (len == 3 && memcmp(range, "*/*", 3) == 0) || (len == strlen(type) && strncasecmp(range, type, len) == 0)
	    || (len == strlen(any) && strncasecmp(range, any, len) == 0);
}

struct door_accept
door_accept(const char *field)
{
	struct door_accept a = { false, false };

	if (field[strspn(field, " \t,")] == '\0')
		return (struct door_accept){ true, true };
	for (size_t n; field += strspn(field, " \t,"), (n = strcspn(field, ",")) > 0; field += n) {
		size_t len = strcspn(field, ";, \t");

		if (is_refused(field, field + n))
			continue;
		a.json |= range_has(field, len, "application/json", "application/*");
		a.stream |= range_has(field, len, "text/event-stream", "text/*");
	}
	return a;
}
