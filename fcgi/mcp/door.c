#include "config.h"

#include "mcp/door.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

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
