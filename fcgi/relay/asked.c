#include "config.h"

#include "relay/asked.h"

#include <string.h>

/* Names count whatever their case, as nginx's $arg_wait has it, by which it chose us. */
static struct slice
query_value(struct slice query, const char *name, bool *there)
{
	size_t n = strlen(name);

	*there = false;
	while (query.len > 0) {
		const char *end = memchr(query.p, '&', query.len);
		struct slice pair = { query.p, end != NULL ? (size_t)(end - query.p) : query.len };

		query = end != NULL ? (struct slice){ end + 1, query.len - pair.len - 1 } : (struct slice){ NULL, 0 };
		if (pair.len > n && slice_is_nocase((struct slice){ pair.p, n }, (struct slice){ name, n }) && pair.p[n] == '=') {
			*there = true;
			return (struct slice){ pair.p + n + 1, pair.len - n - 1 };
		}
	}
	return (struct slice){ NULL, 0 };
}

bool
asked_number(struct slice s, uint64_t *out)
{
	uint64_t v = 0;

	if (s.len == 0 || s.len > 18)	/* 18 digits cannot overflow, and count far enough */
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	}
	*out = v;
	return true;
}

static bool
accepts_events(const struct http_head *h)	/* parameters, such as a q, may follow */
{
	static const char want[] = "text/event-stream";

	for (unsigned i = 0; i < h->n_fields; i++) {
		struct slice name = h->field[i].name, v = h->field[i].value;

		if (!slice_is_nocase(name, SLICE_LIT("Accept")))
			continue;
		for (; v.len >= sizeof want - 1; v = (struct slice){ v.p + 1, v.len - 1 })
			if (slice_is_nocase((struct slice){ v.p, sizeof want - 1 }, SLICE_LIT("text/event-stream")))
				return true;
	}
	return false;
}

enum wire
asked_wire(const struct http_head *h)
{
	bool waits;

	if (http_field_has(h, "Upgrade", "websocket"))
		return WIRE_WS;
	if (accepts_events(h))
		return WIRE_SSE;
	(void)query_value(h->query, "wait", &waits);
	return waits ? WIRE_POLL : WIRE_WS;
}

const char *
asked_read(struct asked *a, const struct http_head *h)
{
	struct slice wait, last;
	bool waits, since, level;
	unsigned n;

	*a = (struct asked){ 0 };
	a->since = query_value(h->query, "since", &since);
	a->level = query_value(h->query, "level", &level);
	wait = query_value(h->query, "wait", &waits);
	last = http_field(h, "Last-Event-ID", &n);
	if (n == 1 && last.len > 0)
		a->since = last;	/* newer than what the page's address says */
	if (waits && (!asked_number(wait, &a->wait_ms) || a->wait_ms > WAIT_MAX_S))
		return "wait";
	a->wait_ms *= 1000;
	return NULL;
}
