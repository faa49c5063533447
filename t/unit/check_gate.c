/* nginx's question, the page's sign-in, and who guesses. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/store_tokens.h"

#include "api/gate.h"
#include "api/tries.h"

#include "api_call.h"

static char secret[CREDENTIAL_TEXT_BYTES], address[40], field[512], cookie[512];

static void
token_make(const char *name, enum access_scope scope, int64_t expires_ms)
{
	struct token t = { .scope = scope, .created_ms = 1, .expires_ms = expires_ms };
	struct credential c;

	FIELD_SET(t.name, name);
	credential_make(&c, TOKEN_PREFIX, secret);
	ck_assert_int_eq(store_token_add(service.store, &t, &c), 0);
}

static void
start(void)
{
	static unsigned n;

	conf.access = ACCESS_REQUIRED;
	api_go();
	(void)snprintf(address, sizeof address, "REMOTE_ADDR=10.0.0.%u", ++n);
	api_params[1] = address;
	for (size_t i = 2; i < API_PARAMS; i++)
		api_params[i] = NULL;
}

/* nginx asks of a request with that field ("HTTP_COOKIE=...") and those that were set before. */
static int
gate(const char *with)
{
	size_t i = 0;
	int status;

	while (api_params[i] != NULL)
		i++;
	api_params[i] = with;
	status = call("GET", GATE_PATH, "", NULL);
	api_params[i] = NULL;
	return status;
}

static const char *
authorization(const char *token)
{
	(void)snprintf(field, sizeof field, "HTTP_AUTHORIZATION=Bearer %s", token);
	return field;
}

START_TEST(asked)
{
	char archived[CREDENTIAL_TEXT_BYTES];

	token_make("ci", SCOPE_CRAWL, 0);
	ck_assert_int_eq(gate(NULL), 401);
	ck_assert_str_eq(header("X-Archon-Code"), "token_needed");
	ck_assert_str_eq(header("WWW-Authenticate"), "Bearer realm=\"archon\"");
	ck_assert_int_eq(gate(authorization(secret)), 204);
	ck_assert_str_eq(header("X-Archon-Access"), "crawl bearer ci");
	(void)snprintf(field, sizeof field, "HTTP_AUTHORIZATION=bEARER   %s", secret);
	ck_assert_int_eq(gate(field), 204);
	(void)snprintf(field, sizeof field, "HTTP_AUTHORIZATION=Bearer %s x", secret);
	ck_assert_int_eq(gate(field), 401);
	(void)snprintf(field, sizeof field, "HTTP_AUTHORIZATION=Basic %s", secret);
	ck_assert_int_eq(gate(field), 401);
	ck_assert_str_eq(header("X-Archon-Code"), "token_needed");
	(void)snprintf(field, sizeof field, "HTTP_COOKIE=archon=%s", secret);	/* a token is no cookie */
	ck_assert_int_eq(gate(field), 401);

	memcpy(archived, secret, sizeof archived);
	archived[sizeof archived - 2] = archived[sizeof archived - 2] == '0' ? '1' : '0';
	ck_assert_int_eq(gate(authorization(archived)), 401);
	ck_assert_str_eq(header("X-Archon-Code"), "token_unknown");
	ck_assert_str_eq(header("X-Archon-Access"), "");
	ck_assert_int_eq(gate(authorization("rubbish")), 401);
	ck_assert_int_eq(gate(authorization("")), 401);
	ck_assert_int_eq(gate("REQUEST_URI=/api/progress?a=1&token=x"), 401);
	ck_assert_str_eq(header("X-Archon-Code"), "token_in_url");
	ck_assert_str_eq(header("X-Archon-Status"), "400");
	ck_assert_int_eq(gate("ARCHON_METHOD=OPTIONS"), 204);
	ck_assert_str_eq(header("X-Archon-Access"), "");

	token_make("old", SCOPE_ADMIN, clock_wall_ms() - 1);
	ck_assert_int_eq(gate(authorization(secret)), 401);
	ck_assert_str_eq(header("X-Archon-Code"), "token_expired");
	ck_assert_int_eq(store_token_revoke(service.store, "ci"), 0);
}
END_TEST

START_TEST(open_house)		/* no token is asked for: the programs judge by themselves */
{
	conf.access = ACCESS_AUTO;
	ck_assert_int_eq(gate(NULL), 204);
	ck_assert_str_eq(header("X-Archon-Access"), "");
	api_params[0] = "SERVER_ADDR=192.168.1.5";
	ck_assert_int_eq(gate(NULL), 401);
	api_params[0] = "SERVER_ADDR=127.0.0.1";
	ck_assert_int_eq(gate("ARCHON_PROXIED=1"), 401);	/* from elsewhere, by another proxy */
}
END_TEST

static int
sign_in(void)
{
	char send[256];

	(void)snprintf(send, sizeof send, "{\"token\":\"%s\"}", secret);
	return call("POST", "/api/login", "", send);
}

START_TEST(page)
{
	const char *set;

	token_make("me", SCOPE_READ, 0);
	ck_assert_int_eq(sign_in(), 200);
	ck_assert_str_eq(str("scope"), "read");
	set = header("Set-Cookie");
	ck_assert(strncmp(set, "archon=", 7) == 0 && strstr(set, "; HttpOnly; SameSite=Strict") != NULL && strstr(set, "Secure") == NULL);
	ck_assert_ptr_null(strstr(set, secret + sizeof TOKEN_PREFIX + 16));
	(void)snprintf(cookie, sizeof cookie, "HTTP_COOKIE=a=b;archon2=x; %.*s; c=d", (int)strcspn(set, ";"), set);
	ck_assert_int_eq(gate(cookie), 204);
	ck_assert_str_eq(header("X-Archon-Access"), "read cookie me");

	api_params[2] = cookie;
	ck_assert_int_eq(call("POST", "/api/logout", "", NULL), 200);
	ck_assert(strncmp(header("Set-Cookie"), "archon=; Path=/; Max-Age=0;", 27) == 0);
	api_params[2] = NULL;
	ck_assert_int_eq(gate(cookie), 401);
	ck_assert_str_eq(header("X-Archon-Code"), "session_ended");

	ck_assert_int_eq(sign_in(), 200);
	(void)snprintf(cookie, sizeof cookie, "HTTP_COOKIE=%.*s", (int)strcspn(header("Set-Cookie"), ";"), header("Set-Cookie"));
	ck_assert_int_eq(gate(cookie), 204);
	ck_assert_int_eq(store_token_revoke(service.store, "me"), 0);
	ck_assert_int_eq(gate(cookie), 401);			/* it dies with its token */
	ck_assert_int_eq(sign_in(), 401);
	ck_assert_str_eq(str("code"), "token_unknown");

	token_make("tls", SCOPE_READ, clock_wall_ms() + 60000);
	api_params[2] = "HTTPS=on";
	ck_assert_int_eq(sign_in(), 200);
	set = header("Set-Cookie");
	ck_assert(strncmp(set, "__Host-archon=", 14) == 0 && strstr(set, "; Secure") != NULL);
	ck_assert_int_le((int)strtol(strstr(set, "Max-Age=") + 8, NULL, 10), 60);	/* no longer than its token */
	ck_assert_int_eq(call("POST", "/api/login", "", "{}"), 422);
	ck_assert_int_eq(call("POST", "/api/login", "", "{\"token\":7}"), 422);
}
END_TEST

START_TEST(session)		/* who am I? */
{
	api_params[2] = "ARCHON_ACCESS=crawl bearer ci";
	ck_assert_int_eq(call("GET", "/api/session", "", NULL), 200);
	ck_assert_str_eq(str("access"), "required");
	ck_assert_str_eq(str("name"), "ci");
	ck_assert_str_eq(str("scope"), "crawl");
	ck_assert_int_eq(call("POST", "/api/mcp/stop", "", NULL), 403);
	ck_assert_str_eq(str("code"), "scope_too_small");
	ck_assert(strstr(header("WWW-Authenticate"), "scope=\"admin\"") != NULL);
	api_params[2] = NULL;
	ck_assert_int_eq(call("GET", "/api/session", "", NULL), 403);
	conf.access = ACCESS_AUTO;
	ck_assert_int_eq(call("GET", "/api/session", "", NULL), 200);
	ck_assert_str_eq(str("access"), "off");
}
END_TEST

START_TEST(guessing)
{
	char guess[CREDENTIAL_TEXT_BYTES];
	struct credential c;

	token_make("ci", SCOPE_READ, 0);
	for (int i = 0; i < 3 * TRIES_MAX; i++)		/* a script that was forgotten */
		ck_assert_int_eq(gate(authorization("the same")), 401);
	ck_assert_int_eq(gate(authorization(secret)), 204);
	for (int i = 1; i < TRIES_MAX; i++) {
		credential_make(&c, TOKEN_PREFIX, guess);
		ck_assert_int_eq(gate(authorization(guess)), 401);
		ck_assert_str_eq(header("X-Archon-Code"), "token_unknown");
	}
	ck_assert_int_eq(gate(authorization(secret)), 401);	/* not even looked at */
	ck_assert_str_eq(header("X-Archon-Code"), "too_many_tries");
	ck_assert_str_eq(header("X-Archon-Status"), "429");
	ck_assert_str_ne(header("X-Archon-Retry"), "");
	ck_assert_int_eq(sign_in(), 429);
	ck_assert_int_ge(strtol(header("Retry-After"), NULL, 10), 1);
	ck_assert_int_eq(gate(NULL), 401);			/* to ask without one is no guess */
	ck_assert_str_eq(header("X-Archon-Code"), "token_needed");
	api_params[1] = "REMOTE_ADDR=10.1.0.1";
	ck_assert_int_eq(gate(authorization(secret)), 204);
}
END_TEST

START_TEST(counting)
{
	const char *const a = "2001:db8:0:1::1", *const a2 = "2001:db8:0:1:ffff::2", *const b = "2001:db8:0:2::1";
	char other[40];

	for (unsigned i = 1; i <= TRIES_MAX; i++) {
		ck_assert_uint_eq(tries_wait_s(a, 1000), 0);
		ck_assert(tries_count(i % 2 ? a : a2, i, 1000) == (i == TRIES_MAX));
	}
	ck_assert_uint_eq(tries_wait_s(a, 1000), TRIES_WINDOW_MS / 1000 + 1);
	ck_assert_uint_gt(tries_wait_s(a2, 1000 + TRIES_WINDOW_MS - 1), 0);
	ck_assert_uint_eq(tries_wait_s(b, 1000), 0);
	ck_assert_uint_eq(tries_wait_s(a, 1000 + TRIES_WINDOW_MS), 0);
	for (unsigned i = 0; i < 2 * TRIES_PLACES; i++) {	/* more addresses than places */
		(void)snprintf(other, sizeof other, "10.2.%u.%u", i / 256, i % 256);
		(void)tries_count(other, i + 1, 200000 + i);
	}
	for (unsigned i = 1; i <= TRIES_MAX; i++)
		(void)tries_count(b, i, 300000);
	ck_assert_uint_gt(tries_wait_s(b, 300000), 0);
}
END_TEST

static void
add(void *arg)
{
	TCase *tc = arg;

	tcase_add_checked_fixture(tc, start, api_finish);
	tcase_add_test(tc, asked);
	tcase_add_test(tc, open_house);
	tcase_add_test(tc, page);
	tcase_add_test(tc, session);
	tcase_add_test(tc, guessing);
	tcase_add_test(tc, counting);
}

int
main(void)
{
	return suite_run("gate", add);
}
