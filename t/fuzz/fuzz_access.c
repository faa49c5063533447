/*
 * fuzz_access - any bytes, a line each, as what nginx and a client say of a request:
 * address, server_name, proxied, proof, Host, Origin, Sec-Fetch-Site, query, Cookie,
 * Authorization.  Nobody gets more than a proof or being at home gives.
 */
#include "config.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/gate.h"
#include "shared/access.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { N_LINES = 10 };

#define MUST(what) do { if (!(what)) abort(); } while (0)

/* Is it this machine's own name?  In another way than access.c: from the end, on a copy. */
static bool
at_home(struct slice host)
{
	static const char local[] = "localhost";
	char name[300];
	size_t n = host.len;
	struct in_addr v4;
	struct in6_addr v6;

	if (n >= sizeof name)
		return false;
	memcpy(name, host.p, n);
	while (n > 0 && name[n - 1] >= '0' && name[n - 1] <= '9')
		n--;
	if (n == 0 || name[n - 1] != ':' || (name[0] == '[' && (n < 2 || name[n - 2] != ']')))
		n = host.len + 1;		/* that was no port */
	name[n - 1] = '\0';
	n = strlen(name);
	if (name[0] == '[' && name[n - 1] == ']') {
		name[n - 1] = '\0';
		return (inet_pton(AF_INET6, name + 1, &v6) == 1 && (IN6_IS_ADDR_LOOPBACK(&v6) ||
		    (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127))) ||
		    (inet_pton(AF_INET, name + 1, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127) || strcasecmp(name + 1, local) == 0 ||
		    (n > sizeof ".localhost" && strcasecmp(name + n - sizeof local - 1, ".localhost") == 0);
	}
	if (inet_pton(AF_INET, name, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return strcasecmp(name, local) == 0 || (n > sizeof local && strcasecmp(name + n - sizeof local, ".localhost") == 0);
}

static void
judge(const struct conf *conf, struct access_ask ask)
{
	enum access_scope held;
	struct access_no why = { 0 };

	for (ask.kind = ACCESS_READS; ask.kind <= ACCESS_CHANGES; ask.kind++)
		for (ask.need = SCOPE_ANY; ask.need <= SCOPE_ADMIN; ask.need++) {
			int status = access_judge(conf, &ask, &held, &why);

			MUST(status == 0 || (status == why.status && status >= 400 && why.code != NULL && why.sentence != NULL));
			if (status != 0)
				continue;
			MUST(held >= ask.need && !access_token_in(ask.query));
			MUST(held == SCOPE_ANY || ask.proof.len > 0 || access_place(conf, &ask) == ACCESS_OPEN);
			MUST(ask.kind == ACCESS_READS || ask.origin.len == 0 || strncasecmp(ask.origin.p, "http", 4) == 0);
		}
}

static void
credentials(const char *cookie, const char *authorization)
{
	char *params[] = { (char *)(uintptr_t)cookie, (char *)(uintptr_t)authorization, NULL };
	struct request rq = { .params = params };
	struct credential c;
	struct slice given;

	if (gate_cookie(&rq, &c))
		MUST(strlen(c.id) == 16 && strlen(c.hash) == 64 && strstr(cookie, c.id) != NULL);
	if (gate_bearer(&rq, &given)) {
		MUST(given.p >= authorization && given.p + given.len <= authorization + strlen(authorization));
		if (credential_read(&c, TOKEN_PREFIX, given))
			MUST(given.len == CREDENTIAL_TEXT_BYTES - 1 && memcmp(given.p + strlen(TOKEN_PREFIX), c.id, 16) == 0);
	}
}

/* Each line in memory of its own, behind its name, so that ASan sees a byte too far. */
static char *
line_of(const char *name, const char **at, const char *end)
{
	const char *nl = memchr(*at, '\n', (size_t)(end - *at));
	size_t n = (size_t)((nl != NULL ? nl : end) - *at), head = strlen(name);
	char *line = malloc(head + n + 1);

	MUST(line != NULL);
	memcpy(line, name, head);
	memcpy(line + head, *at, n);
	line[head + n] = '\0';
	*at += n + (nl != NULL);
	return line;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const name[N_LINES] = { "", "", "", "", "", "", "", "", "HTTP_COOKIE=", "HTTP_AUTHORIZATION=" };
	static struct conf conf;
	const char *at = (const char *)data, *end = at + len;
	char *line[N_LINES];
	struct access_ask ask;

	if (len == 0)
		return 0;
	if (conf.allow_origins[0] == '\0') {
		conf_defaults(&conf);
		memcpy(conf.allow_origins, "https://wiki.example.com http://two.example:3000", 49);
	}
	for (size_t i = 0; i < N_LINES; i++)
		line[i] = line_of(name[i], &at, end);
	ask = (struct access_ask){
		.server_addr = slice_of(line[0]), .server_name = slice_of(line[1]), .proxied = slice_of(line[2]), .proof = slice_of(line[3]),
		.host = slice_of(line[4]), .origin = slice_of(line[5]), .fetch_site = slice_of(line[6]), .query = slice_of(line[7]),
	};
	for (conf.access = ACCESS_AUTO; conf.access <= ACCESS_OFF; conf.access++) {
		enum access_place place = access_place(&conf, &ask);

		MUST(conf.access != ACCESS_REQUIRED || place == ACCESS_CLOSED);
		if (conf.access == ACCESS_AUTO && place == ACCESS_OPEN)
			MUST(ask.proxied.len == 0 && access_is_local(ask.server_addr) && (ask.host.len == 0 || at_home(ask.host)));
		judge(&conf, ask);
	}
	credentials(line[8], line[9]);
	for (size_t i = 0; i < N_LINES; i++)
		free(line[i]);
	return 0;
}
