#include "config.h"

#include "shared/guard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

/* What the IANA special-purpose registries say is not globally reachable. */
static const struct { uint8_t net[4]; unsigned bits; } closed_v4[] = {
	{ { 0, 0, 0, 0 }, 8 },		/* this network */
	{ { 10, 0, 0, 0 }, 8 },		/* private */
	{ { 100, 64, 0, 0 }, 10 },	/* carrier-grade NAT */
	{ { 127, 0, 0, 0 }, 8 },	/* loopback */
	{ { 169, 254, 0, 0 }, 16 },	/* link-local, metadata services */
	{ { 172, 16, 0, 0 }, 12 },	/* private */
	{ { 192, 0, 0, 0 }, 24 },	/* protocol assignments */
	{ { 192, 0, 2, 0 }, 24 },	/* documentation */
	{ { 192, 88, 99, 0 }, 24 },	/* 6to4 relays */
	{ { 192, 168, 0, 0 }, 16 },	/* private */
	{ { 198, 18, 0, 0 }, 15 },	/* benchmarks */
	{ { 198, 51, 100, 0 }, 24 },	/* documentation */
	{ { 203, 0, 113, 0 }, 24 },	/* documentation */
	{ { 224, 0, 0, 0 }, 4 },	/* multicast */
	{ { 240, 0, 0, 0 }, 4 },	/* reserved, broadcast */
};

static const struct { uint8_t net[16]; unsigned bits; } closed_v6[] = {
	{ { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 }, 48 },	/* local NAT64 */
	{ { 0x01, 0x00 }, 64 },				/* discard */
	{ { 0x20, 0x01, 0x00 }, 23 },			/* protocol assignments, Teredo */
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32 },		/* documentation */
	{ { 0x3f, 0xff }, 20 },				/* documentation */
	{ { 0x5f, 0x00 }, 16 },				/* segment routing */
	{ { 0xfc, 0x00 }, 7 },				/* unique local */
	{ { 0xfe, 0x80 }, 10 },				/* link-local */
	{ { 0xfe, 0xc0 }, 10 },				/* site-local */
	{ { 0xff, 0x00 }, 8 },				/* multicast */
};

static bool
in_net(const uint8_t *a, const uint8_t *net, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	return memcmp(a, net, whole) == 0 &&
	    (rest == 0 || ((a[whole] ^ net[whole]) & (uint8_t)(0xff << (8 - rest))) == 0);
}

/* -- rules ----------------------------------------------------------------- */

static bool
parse_address(const char *s, uint8_t out[16], unsigned *max_bits)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, s, &v4) == 1) {
		memcpy(out, mapped, 12);
		memcpy(out + 12, &v4, 4);
		*max_bits = 32;
		return true;
	}
	if (inet_pton(AF_INET6, s, &v6) == 1) {
		memcpy(out, &v6, 16);
		*max_bits = 128;
		return true;
	}
	return false;
}

static bool
parse_number(const char *s, unsigned long max, unsigned long *out)
{
	char *end;

	if (*s < '0' || *s > '9')
		return false;
	*out = strtoul(s, &end, 10);
	return *end == '\0' && *out <= max;
}

static bool
parse_rule(struct guard_rule *r, char *s)
{
	char *slash = strchr(s, '/'), *colon;
	unsigned max_bits;
	unsigned long n;

	*r = (struct guard_rule){ 0 };
	if (slash != NULL)
		*slash = '\0';
	if (parse_address(s, r->net, &max_bits)) {
		n = max_bits;
		if (slash != NULL && !parse_number(slash + 1, max_bits, &n))
			return false;
		r->bits = (unsigned)n + (max_bits == 32 ? 96 : 0);
		return true;
	}
	if (slash != NULL || (colon = strrchr(s, ':')) == NULL || colon == s ||
	    !parse_number(colon + 1, UINT16_MAX, &n) || n == 0 || (size_t)(colon - s) >= sizeof r->host)
		return false;
	memcpy(r->host, s, (size_t)(colon - s));
	r->port = (uint16_t)n;
	return true;
}

int
guard_init(struct guard *g, const char *allow, struct err *e)
{
	char item[300];
	size_t len;

	g->n_rules = g->n_ports = 0;
	for (;;) {
		allow += strspn(allow, " \t,");
		if ((len = strcspn(allow, " \t,")) == 0)
			return 0;
		if (len >= sizeof item || g->n_rules == GUARD_MAX_RULES)
			return err_set(e, -EINVAL, "allow_private: more than %d entries, or one is too long", GUARD_MAX_RULES);
		memcpy(item, allow, len);
		item[len] = '\0';
		if (!parse_rule(&g->rule[g->n_rules], item))
			return err_set(e, -EINVAL, "allow_private: \"%.*s\" is neither a network such as 10.0.0.0/8 nor host:port",
			    (int)len, allow);
		g->n_rules++;
		allow += len;
	}
}

int
guard_init_ports(struct guard *g, const char *ports, struct err *e)
{
	unsigned long first, last;
	char item[16], *dash;
	size_t len;

	for (g->n_ports = 0;; ports += len) {
		ports += strspn(ports, " \t,");
		if ((len = strcspn(ports, " \t,")) == 0)
			return 0;
		if (len >= sizeof item || g->n_ports == GUARD_MAX_RULES)
			return err_set(e, -EINVAL, "ports: more than %d entries, or one is too long", GUARD_MAX_RULES);
		memcpy(item, ports, len);
		item[len] = '\0';
		if ((dash = strchr(item, '-')) != NULL)
			*dash = '\0';
		if (!parse_number(item, UINT16_MAX, &first) || !parse_number(dash != NULL ? dash + 1 : item, UINT16_MAX, &last) ||
		    first == 0 || last < first)
			return err_set(e, -EINVAL, "ports: \"%.*s\" is neither a port nor a range such as 1024-65535", (int)len, ports);
		g->ports[g->n_ports++] = (struct guard_ports){ (uint16_t)first, (uint16_t)last };
	}
}

/* -- verdicts -------------------------------------------------------------- */

static bool
is_closed_v4(const uint8_t a[4])
{
	for (size_t i = 0; i < sizeof closed_v4 / sizeof closed_v4[0]; i++)
		if (in_net(a, closed_v4[i].net, closed_v4[i].bits))
			return true;
	return false;
}

static bool
is_closed(const uint8_t a[16])
{
	static const uint8_t zeros[12] = { 0 };
	static const uint8_t nat64[12] = { 0x00, 0x64, 0xff, 0x9b };

	/* Those that carry a v4 address are judged by it: mapped, compatible, NAT64, 6to4. */
	if (memcmp(a, mapped, 12) == 0 || memcmp(a, nat64, 12) == 0)
		return is_closed_v4(a + 12);
	if (memcmp(a, zeros, 12) == 0)
		return true;
	if (a[0] == 0x20 && a[1] == 0x02)
		return is_closed_v4(a + 2);
	for (size_t i = 0; i < sizeof closed_v6 / sizeof closed_v6[0]; i++)
		if (in_net(a, closed_v6[i].net, closed_v6[i].bits))
			return true;
	return false;
}

static bool
names_port(const struct guard_rule *r, struct slice host, uint16_t port)
{
	return r->host[0] != '\0' && r->port == port && strlen(r->host) == host.len &&
	    strncasecmp(r->host, host.p, host.len) == 0;
}

bool
guard_allows_port(const struct guard *g, struct slice host, uint16_t port)
{
	for (unsigned i = 0; i < g->n_ports; i++)
		if (port >= g->ports[i].first && port <= g->ports[i].last)
			return true;
	for (unsigned i = 0; i < g->n_rules; i++)
		if (names_port(&g->rule[i], host, port))
			return true;
	return g->n_ports == 0;
}

bool
guard_allows(const struct guard *g, const struct sockaddr *sa, struct slice host, uint16_t port)
{
	uint8_t a[16];

	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, sa, sizeof in);
		memcpy(a, mapped, 12);
		memcpy(a + 12, &in.sin_addr, 4);
	} else if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, sa, sizeof in6);
		memcpy(a, &in6.sin6_addr, 16);
	} else {
		return false;
	}
	if (!is_closed(a))
		return true;
	for (unsigned i = 0; i < g->n_rules; i++) {
		const struct guard_rule *r = &g->rule[i];

		if (r->host[0] == '\0' ? in_net(a, r->net, r->bits) : names_port(r, host, port))
			return true;
	}
	return false;
}
