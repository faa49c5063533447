#include "config.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/access.h"
#include "shared/credential.h"
#include "shared/store_tokens.h"

#include "scratch.h"

static struct conf conf;

static void
setup(void)
{
	conf_defaults(&conf);
	FIELD_SET(conf.allow_origins, "https://other.example.com  https://wiki.example.com http://two.example:3000");
}

/* -- where nginx serves ------------------------------------------------------------- */

static const struct { const char *address; bool local; } addresses[] = {
	{ "127.0.0.1", true }, { "127.255.3.4", true }, { "::1", true }, { "::ffff:127.0.0.1", true },
	{ "::ffff:127.9.9.9", true }, { "0:0:0:0:0:0:0:1", true }, { "unix:/run/x.sock", true }, { "unix:", true },
	{ "", false }, { "128.0.0.1", false }, { "10.0.0.1", false }, { "192.168.1.5", false }, { "0.0.0.0", false },
	{ "::", false }, { "::ffff:10.0.0.1", false }, { "::2", false }, { "2001:db8::1", false }, { "fe80::1", false },
	{ "::127.0.0.1", false }, { "127.0.0.1.evil.example", false }, { "127.1", false }, { "localhost", false },
	{ "unix", false }, { "127.0.0.1 ", false }, { "1270.0.0.1", false },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
};

START_TEST(local)
{
	size_t len = strlen(addresses[_i].address);
	char *exact = malloc(len + 1);

	memcpy(exact, addresses[_i].address, len);
	ck_assert_msg(access_is_local((struct slice){ exact, len }) == addresses[_i].local, "%s", addresses[_i].address);
	for (size_t n = 0; n < len; n++)
		(void)access_is_local((struct slice){ exact, n });
	free(exact);
}
END_TEST

static const struct {
	enum conf_access access;
	const char *address, *server_name, *host, *public_url;
	enum access_place place;
} places[] = {
	{ ACCESS_AUTO, "127.0.0.1", "_", "localhost:8080", NULL, ACCESS_OPEN },
	{ ACCESS_AUTO, "127.0.0.1", "_", "LOCALHOST", NULL, ACCESS_OPEN },
	{ ACCESS_AUTO, "127.0.0.1", "_", "kb.localhost:8080", NULL, ACCESS_OPEN },
	{ ACCESS_AUTO, "127.0.0.1", "_", "127.0.0.1:8080", NULL, ACCESS_OPEN },
	{ ACCESS_AUTO, "::1", "_", "[::1]:8080", NULL, ACCESS_OPEN },
	{ ACCESS_AUTO, "unix:/x", "_", "localhost", NULL, ACCESS_OPEN },
	{ ACCESS_AUTO, "127.0.0.1", "_", "", NULL, ACCESS_OPEN },	/* HTTP/1.0 */
	{ ACCESS_AUTO, "127.0.0.1", "_", "localhost:", NULL, ACCESS_OPEN },
	{ ACCESS_AUTO, "127.0.0.1", "_", "evil.example", NULL, ACCESS_FOREIGN },	/* rebinding */
	{ ACCESS_AUTO, "127.0.0.1", "_", "evil.example:8080", NULL, ACCESS_FOREIGN },
	{ ACCESS_AUTO, "127.0.0.1", "_", "localhost.evil.example", NULL, ACCESS_FOREIGN },
	{ ACCESS_AUTO, "127.0.0.1", "_", "127.0.0.1.evil.example", NULL, ACCESS_FOREIGN },
	{ ACCESS_AUTO, "127.0.0.1", "_", "xlocalhost", NULL, ACCESS_FOREIGN },
	{ ACCESS_AUTO, "127.0.0.1", "_", "[::1", NULL, ACCESS_FOREIGN },
	{ ACCESS_AUTO, "127.0.0.1", "_", "[]", NULL, ACCESS_FOREIGN },
	{ ACCESS_AUTO, "127.0.0.1", "_", ":8080", NULL, ACCESS_FOREIGN },
	{ ACCESS_AUTO, "127.0.0.1", "_", "localhost:80@evil.example", NULL, ACCESS_FOREIGN },
	{ ACCESS_AUTO, "127.0.0.1", "_", "localhost@evil.example", NULL, ACCESS_FOREIGN },
	{ ACCESS_AUTO, "127.0.0.1", "_", "[::1]evil.example", NULL, ACCESS_FOREIGN },
	{ ACCESS_AUTO, "127.0.0.1", "_", "[::1]:80.evil.example", NULL, ACCESS_FOREIGN },
	{ ACCESS_AUTO, "127.0.0.1", "_", "[", NULL, ACCESS_FOREIGN },
	/* passed on from where others call it */
	{ ACCESS_AUTO, "127.0.0.1", "_", "192.168.1.5:8080", NULL, ACCESS_CLOSED },
	{ ACCESS_AUTO, "127.0.0.1", "_", "kb.example.com", "https://kb.example.com", ACCESS_CLOSED },
	{ ACCESS_AUTO, "127.0.0.1", "kb.test", "kb.test:8080", NULL, ACCESS_CLOSED },
	{ ACCESS_AUTO, "192.168.1.5", "_", "localhost", NULL, ACCESS_CLOSED },
	{ ACCESS_AUTO, "192.168.1.5", "_", "evil.example", NULL, ACCESS_CLOSED },
	{ ACCESS_AUTO, "2001:db8::1", "kb.test", "kb.test", NULL, ACCESS_CLOSED },
	{ ACCESS_AUTO, "", "_", "localhost", NULL, ACCESS_CLOSED },	/* nginx does not say */
	{ ACCESS_REQUIRED, "127.0.0.1", "_", "localhost", NULL, ACCESS_CLOSED },
	{ ACCESS_REQUIRED, "unix:/x", "_", "localhost", NULL, ACCESS_CLOSED },
	{ ACCESS_OFF, "192.168.1.5", "_", "192.168.1.5:8080", NULL, ACCESS_OPEN },
	{ ACCESS_OFF, "192.168.1.5", "_", "kb.example.com", "http://kb.example.com:8080", ACCESS_OPEN },
	{ ACCESS_OFF, "192.168.1.5", "kb.test", "KB.test", NULL, ACCESS_OPEN },
	{ ACCESS_OFF, "192.168.1.5", "_", "evil.example", NULL, ACCESS_FOREIGN },
	{ ACCESS_OFF, "", "", "localhost", NULL, ACCESS_OPEN },
};

START_TEST(place)
{
	struct access_ask ask = { .server_addr = slice_of(places[_i].address), .server_name = slice_of(places[_i].server_name),
	    .host = slice_of(places[_i].host) };

	conf.access = places[_i].access;
	if (places[_i].public_url != NULL)
		(void)snprintf(conf.public_url, sizeof conf.public_url, "%s", places[_i].public_url);
	ck_assert_msg(access_place(&conf, &ask) == places[_i].place, "%s at %s", places[_i].host, places[_i].address);
}
END_TEST

START_TEST(proxied)		/* it calls us as it likes: by its word nobody comes from here */
{
	struct access_ask ask = { .server_addr = SLICE_LIT("127.0.0.1"), .host = SLICE_LIT("127.0.0.1:8080") };

	conf.access = ACCESS_AUTO;
	ck_assert_int_eq(access_place(&conf, &ask), ACCESS_OPEN);
	ask.proxied = SLICE_LIT("1");
	ck_assert_int_eq(access_place(&conf, &ask), ACCESS_CLOSED);
	ask.host = SLICE_LIT("");
	ck_assert_int_eq(access_place(&conf, &ask), ACCESS_CLOSED);
	conf.access = ACCESS_OFF;
	ck_assert_int_eq(access_place(&conf, &ask), ACCESS_OPEN);
}
END_TEST

/* -- whose page ----------------------------------------------------------------------- */

#define HOST "localhost:8080"

static const struct { const char *origin, *host; bool may; } origins[] = {
	{ "http://localhost:8080", HOST, true },
	{ "http://LOCALHOST:8080", HOST, true },
	{ "https://localhost:8080", HOST, true },	/* TLS may end in front of nginx */
	{ "http://localhost:8080", "127.0.0.1:8080", true },	/* public_url, whatever was called */
	{ "http://127.0.0.1:8080", "127.0.0.1:8080", true },
	{ "http://[::1]:8080", "[::1]:8080", true },
	{ "http://127.0.0.2:80", "127.0.0.2", true },
	{ "http://127.0.0.2", "127.0.0.2:80", true },
	{ "https://127.0.0.2:443", "127.0.0.2", true },
	{ "https://wiki.example.com", HOST, true },	/* allow_origins */
	{ "HTTPS://WIKI.example.com:443", HOST, true },
	{ "http://two.example:3000", HOST, true },
	{ "http://127.0.0.2", "127.0.0.2:443", false },
	{ "http://localhost", HOST, false },
	{ "http://wiki.example.com", HOST, false },
	{ "https://wiki.example.com.evil", HOST, false },
	{ "https://wiki.example.com:444", HOST, false },
	{ "https://xwiki.example.com", HOST, false },
	{ "http://evil.example", HOST, false },
	{ "http://evillocalhost:8080", HOST, false },
	{ "http://localhost:8080.evil", HOST, false },
	{ "http://evil.example#http://localhost:8080", HOST, false },
	{ "http://127.0.0.1:9999", "127.0.0.1:8080", false },
	{ "http://localhost:9999", HOST, false },
	{ "null", HOST, false },
	{ "file://", HOST, false },
	{ "http://", HOST, false },
	{ "chrome-extension://abcdef", HOST, false },
	{ "http://[::1]:8080", "", false },
	{ "http://localhost:8080, http://localhost:8080", HOST, false },
};

START_TEST(origin)
{
	struct access_ask ask = { .server_addr = SLICE_LIT("127.0.0.1"), .host = slice_of(origins[_i].host),
	    .origin = slice_of(origins[_i].origin), .kind = ACCESS_CHANGES, .need = SCOPE_READ };
	enum access_scope held;
	struct access_no why = { 0 };

	for (int proved = 0; proved < 2; proved++) {
		ask.proof = slice_of(proved ? "crawl cookie x" : "");
		for (ask.kind = ACCESS_READS; ask.kind <= ACCESS_CHANGES; ask.kind++) {
			int status = access_judge(&conf, &ask, &held, &why), want = ask.kind == ACCESS_READS || origins[_i].may ? 0 : 403;

			ck_assert_msg(status == want, "%s at %s: %d", origins[_i].origin, origins[_i].host, status);
			if (want != 0)
				ck_assert_str_eq(why.code, "foreign_origin");
		}
	}
}
END_TEST

START_TEST(allowed)
{
	static const struct { const char *origin; unsigned n; } rows[] = {
		{ "https://other.example.com", 1 }, { "https://wiki.example.com", 2 }, { "http://two.example:3000", 3 },
		{ "http://localhost:8080", 0 }, { "", 0 }, { "null", 0 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		ck_assert_msg(access_allowed(&conf, slice_of(rows[i].origin)) == rows[i].n, "%s", rows[i].origin);
	ck_assert(slice_is(access_allowed_text(&conf, 2), "https://wiki.example.com"));
	ck_assert_uint_eq(access_allowed_text(&conf, 4).len, 0);
	conf.allow_origins[0] = '\0';
	ck_assert_uint_eq(access_allowed(&conf, SLICE_LIT("https://wiki.example.com")), 0);
}
END_TEST

/* -- all of it -------------------------------------------------------------------------- */

#define HERE "127.0.0.1"
#define THERE "192.168.1.5"

static const struct {
	const char *address, *proof, *host, *origin, *fetch_site, *query;
	enum access_kind kind;
	enum access_scope need;
	const char *code;		/* NULL: it may */
	enum access_scope held;
} judged[] = {
	{ HERE, "", "localhost", "", "", "", ACCESS_READS, SCOPE_ADMIN, NULL, SCOPE_ADMIN },
	{ HERE, "", "localhost", "", "", "", ACCESS_CHANGES, SCOPE_ADMIN, NULL, SCOPE_ADMIN },
	{ HERE, "", "evil.example", "", "", "", ACCESS_READS, SCOPE_READ, "foreign_host", 0 },
	{ HERE, "", "evil.example", "http://evil.example", "same-origin", "", ACCESS_CHANGES, SCOPE_READ, "foreign_host", 0 },
	{ HERE, "", "localhost", "", "cross-site", "", ACCESS_CHANGES, SCOPE_READ, "foreign_origin", 0 },
	{ HERE, "", "localhost", "", "same-site", "", ACCESS_CHANGES, SCOPE_READ, "foreign_origin", 0 },
	{ HERE, "", "localhost", "", "same-origin", "", ACCESS_CHANGES, SCOPE_READ, NULL, SCOPE_ADMIN },
	{ HERE, "", "localhost", "", "cross-site", "", ACCESS_READS, SCOPE_READ, NULL, SCOPE_ADMIN },
	/* for others */
	{ THERE, "", "kb.test", "", "", "", ACCESS_READS, SCOPE_READ, "access_unproved", 0 },
	{ THERE, "", "kb.test", "", "", "", ACCESS_CHANGES, SCOPE_ANY, NULL, SCOPE_ANY },	/* signing in */
	{ THERE, "", "kb.test", "http://evil.example", "", "", ACCESS_CHANGES, SCOPE_ANY, "foreign_origin", 0 },
	{ "", "", "localhost", "", "", "", ACCESS_READS, SCOPE_READ, "access_unproved", 0 },
	{ THERE, "read bearer ci", "kb.test", "", "", "", ACCESS_READS, SCOPE_READ, NULL, SCOPE_READ },
	{ THERE, "read bearer ci", "anything", "", "", "", ACCESS_CHANGES, SCOPE_READ, NULL, SCOPE_READ },
	{ THERE, "read bearer ci", "kb.test", "", "", "", ACCESS_CHANGES, SCOPE_CRAWL, "scope_too_small", 0 },
	{ THERE, "crawl bearer ci", "kb.test", "", "", "", ACCESS_CHANGES, SCOPE_ADMIN, "scope_too_small", 0 },
	{ THERE, "admin bearer ci", "kb.test", "", "", "", ACCESS_CHANGES, SCOPE_ADMIN, NULL, SCOPE_ADMIN },
	{ HERE, "read bearer ci", "localhost", "", "", "", ACCESS_CHANGES, SCOPE_CRAWL, "scope_too_small", 0 },
	{ THERE, "crawl cookie me", "kb.test", "http://kb.test", "", "", ACCESS_CHANGES, SCOPE_CRAWL, NULL, SCOPE_CRAWL },
	{ THERE, "crawl cookie me", "kb.test", "", "same-origin", "", ACCESS_CHANGES, SCOPE_CRAWL, NULL, SCOPE_CRAWL },
	{ THERE, "crawl cookie me", "kb.test", "", "", "", ACCESS_CHANGES, SCOPE_CRAWL, "origin_needed", 0 },
	{ THERE, "crawl cookie me", "kb.test", "", "none", "", ACCESS_CHANGES, SCOPE_CRAWL, "origin_needed", 0 },
	{ THERE, "crawl cookie me", "kb.test", "", "", "", ACCESS_LISTENS, SCOPE_READ, NULL, SCOPE_CRAWL },	/* EventSource */
	{ THERE, "crawl cookie me", "kb.test", "", "", "", ACCESS_READS, SCOPE_READ, NULL, SCOPE_CRAWL },
	/* no proofs */
	{ THERE, "read", "kb.test", "", "", "", ACCESS_READS, SCOPE_READ, "access_unproved", 0 },
	{ THERE, "any bearer x", "kb.test", "", "", "", ACCESS_READS, SCOPE_READ, "access_unproved", 0 },
	{ THERE, "root bearer x", "kb.test", "", "", "", ACCESS_READS, SCOPE_READ, "access_unproved", 0 },
	{ THERE, "admin password x", "kb.test", "", "", "", ACCESS_READS, SCOPE_READ, "access_unproved", 0 },
	{ THERE, "admin bearer", "kb.test", "", "", "", ACCESS_READS, SCOPE_READ, "access_unproved", 0 },
	{ THERE, " bearer x", "kb.test", "", "", "", ACCESS_READS, SCOPE_READ, "access_unproved", 0 },
	/* in the address */
	{ HERE, "", "localhost", "", "", "token=archon_x", ACCESS_READS, SCOPE_READ, "token_in_url", 0 },
	{ HERE, "", "localhost", "", "", "a=1&access_token=", ACCESS_READS, SCOPE_READ, "token_in_url", 0 },
	{ THERE, "admin bearer x", "kb.test", "", "", "Token=x&a=1", ACCESS_READS, SCOPE_READ, "token_in_url", 0 },
	{ HERE, "", "localhost", "", "", "tokens=1&mytoken=2&a=token=3", ACCESS_READS, SCOPE_READ, NULL, SCOPE_ADMIN },
};

START_TEST(judge)
{
	struct access_ask ask = {
		.server_addr = slice_of(judged[_i].address), .proof = slice_of(judged[_i].proof), .host = slice_of(judged[_i].host),
		.origin = slice_of(judged[_i].origin), .fetch_site = slice_of(judged[_i].fetch_site), .query = slice_of(judged[_i].query),
		.kind = judged[_i].kind, .need = judged[_i].need,
	};
	enum access_scope held;
	struct access_no why = { 0 };
	int status = access_judge(&conf, &ask, &held, &why);

	if (judged[_i].code == NULL) {
		ck_assert_msg(status == 0, "row %d: %d %s", _i, status, why.code);
		ck_assert_int_eq(held, judged[_i].held);
		return;
	}
	ck_assert_msg(status == why.status && status >= 400, "row %d: %d", _i, status);
	ck_assert_str_eq(why.code, judged[_i].code);
	ck_assert_msg(strpbrk(why.sentence, "\"\\") == NULL, "nginx puts it into JSON: %s", why.sentence);
}
END_TEST

/* -- secrets ----------------------------------------------------------------------------- */

START_TEST(credentials)
{
	char text[CREDENTIAL_TEXT_BYTES], other[CREDENTIAL_TEXT_BYTES], spoilt[CREDENTIAL_TEXT_BYTES];
	struct credential a, b;
	size_t len;

	credential_make(&a, TOKEN_PREFIX, text);
	credential_make(&b, TOKEN_PREFIX, other);
	ck_assert_str_ne(text, other);
	ck_assert_str_ne(a.id, b.id);
	ck_assert(!credential_same(a.hash, b.hash));
	ck_assert(strstr(a.hash, text + sizeof TOKEN_PREFIX + 16) == NULL);
	ck_assert(credential_read(&b, TOKEN_PREFIX, slice_of(text)));
	ck_assert_str_eq(a.id, b.id);
	ck_assert(credential_same(a.hash, b.hash));
	ck_assert(!credential_read(&b, "", slice_of(text)));		/* a token is no cookie */
	len = strlen(text);
	for (size_t i = 0; i < len; i++) {
		char *exact = malloc(i + 1);

		memcpy(exact, text, i);
		ck_assert(!credential_read(&b, TOKEN_PREFIX, (struct slice){ exact, i }));
		free(exact);
		for (const char *c = "gA-_ \n"; *c != '\0'; c++) {	/* what is no hex digit */
			memcpy(spoilt, text, sizeof spoilt);
			if (spoilt[i] == *c)
				continue;
			spoilt[i] = *c;
			ck_assert(!credential_read(&b, TOKEN_PREFIX, slice_of(spoilt)));
		}
	}
	credential_make(&a, "", text);
	ck_assert_uint_eq(strlen(text), 16 + 1 + 64);
	ck_assert(credential_read(&b, "", slice_of(text)) && !credential_read(&b, TOKEN_PREFIX, slice_of(text)));
}
END_TEST

START_TEST(same_in_each_byte)
{
	char a[CREDENTIAL_HASH_BYTES], b[CREDENTIAL_HASH_BYTES];

	memset(a, 'a', sizeof a);
	for (size_t i = 0; i < sizeof a; i++) {
		memcpy(b, a, sizeof b);
		ck_assert(credential_same(a, b));
		b[i] ^= 1;
		ck_assert(!credential_same(a, b));
	}
}
END_TEST

/* -- the store ---------------------------------------------------------------------------- */

static int
name_of_it(const struct token *t, void *arg)
{
	(void)snprintf((char *)arg + strlen(arg), 100 - strlen(arg), "%s/%s ", t->name, access_scope_word(t->scope));
	return 0;
}

START_TEST(tokens)
{
	char text[CREDENTIAL_TEXT_BYTES], names[100] = "";
	struct token ci = { .name = "ci", .scope = SCOPE_CRAWL, .created_ms = 1000 }, me = { .name = "Me.2", .scope = SCOPE_READ,
	    .created_ms = 2000, .expires_ms = 500000 }, got;
	struct credential c_ci, c_me, session, wrong;
	struct store *st;
	struct err e;

	ck_assert_msg(store_open(&st, scratch_dir(), 0, false, &e) == 0, "%s", e.text);
	credential_make(&c_ci, TOKEN_PREFIX, text);
	credential_make(&c_me, TOKEN_PREFIX, text);
	credential_make(&session, "", text);
	ck_assert_int_eq(store_token_add(st, &ci, &c_ci), 0);
	ck_assert_int_eq(store_token_add(st, &me, &c_me), 0);
	ck_assert_int_eq(store_token_add(st, &ci, &session), -EEXIST);
	ck_assert_int_eq(store_tokens(st, name_of_it, names), 2);
	ck_assert_str_eq(names, "Me.2/read ci/crawl ");

	ck_assert_int_eq(store_token_find(st, &c_me, false, &got), 0);
	ck_assert_str_eq(got.name, "Me.2");
	ck_assert_int_eq(got.expires_ms, 500000);
	ck_assert_int_eq(store_token_find(st, &c_me, true, &got), -ENOENT);
	wrong = c_me;
	wrong.hash[63] ^= 1;
	ck_assert_int_eq(store_token_find(st, &wrong, false, &got), -ENOENT);

	ck_assert_int_eq(store_token_used(st, &got, 70000), 0);
	ck_assert_int_eq(store_token_find(st, &c_me, false, &got), 0);
	ck_assert_int_eq(got.used_ms, 70000);
	ck_assert_int_eq(store_token_used(st, &got, 70000 + TOKEN_USED_MS - 1), 0);	/* not so soon again */
	ck_assert_int_eq(store_token_find(st, &c_me, false, &got), 0);
	ck_assert_int_eq(got.used_ms, 70000);

	ck_assert_int_eq(store_session_add(st, &session, "ci", 1000, 9000), 0);
	ck_assert_int_eq(store_token_find(st, &session, true, &got), 0);
	ck_assert_str_eq(got.name, "ci");
	ck_assert_int_eq(got.expires_ms, 9000);
	wrong = session;
	wrong.hash[0] ^= 1;
	ck_assert_int_eq(store_token_find(st, &wrong, true, &got), -ENOENT);
	ck_assert_int_eq(store_session_end(st, &wrong), -ENOENT);
	ck_assert_int_eq(store_session_end(st, &session), 0);
	ck_assert_int_eq(store_token_find(st, &session, true, &got), -ENOENT);

	ck_assert_int_eq(store_session_add(st, &session, "Me.2", 1000, 900000), 0);
	ck_assert_int_eq(store_token_find(st, &session, true, &got), 0);
	ck_assert_int_eq(got.expires_ms, 500000);		/* the token's own end comes first */
	ck_assert_int_eq(store_token_revoke(st, "Me.2"), 0);
	ck_assert_int_eq(store_token_find(st, &session, true, &got), -ENOENT);
	ck_assert_int_eq(store_token_find(st, &c_me, false, &got), -ENOENT);
	ck_assert_int_eq(store_token_revoke(st, "Me.2"), -ENOENT);
	ck_assert_int_eq(store_session_add(st, &session, "Me.2", 1000, 9000), -ENOENT);

	ck_assert_int_eq(store_session_add(st, &session, "ci", 1000, 9000), 0);
	credential_make(&wrong, "", text);
	ck_assert_int_eq(store_session_add(st, &wrong, "ci", 9001, 99000), 0);
	ck_assert_int_eq(store_token_find(st, &session, true, &got), -ENOENT);	/* swept */

	for (int i = 0; i < SESSIONS_MAX; i++) {
		ck_assert_int_eq(store_token_find(st, &wrong, true, &got), 0);
		credential_make(&session, "", text);
		ck_assert_int_eq(store_session_add(st, &session, "ci", 9001, 99001), i == SESSIONS_MAX - 1);
	}
	ck_assert_int_eq(store_token_find(st, &wrong, true, &got), -ENOENT);	/* one too many: the oldest goes */
	ck_assert_int_eq(store_token_find(st, &session, true, &got), 0);
	store_close(st);
}
END_TEST

START_TEST(names)
{
	char longest[TOKEN_NAME_BYTES + 1];

	ck_assert(token_name_is_good("a") && token_name_is_good("CI-bot_2.x"));
	ck_assert(!token_name_is_good("") && !token_name_is_good("a b") && !token_name_is_good("a\"") && !token_name_is_good("ä"));
	memset(longest, 'a', sizeof longest);
	longest[TOKEN_NAME_BYTES] = '\0';
	ck_assert(!token_name_is_good(longest) && token_name_is_good(longest + 1));
}
END_TEST

#define LOOP(tc, test, rows) tcase_add_loop_test(tc, test, 0, sizeof (rows) / sizeof (rows)[0])

int
main(void)
{
	Suite *s = suite_create("access");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, NULL);
	LOOP(tc, local, addresses);
	LOOP(tc, place, places);
	tcase_add_test(tc, proxied);
	LOOP(tc, origin, origins);
	tcase_add_test(tc, allowed);
	LOOP(tc, judge, judged);
	tcase_add_test(tc, credentials);
	tcase_add_test(tc, same_in_each_byte);
	tcase_add_test(tc, tokens);
	tcase_add_test(tc, names);
	suite_add_tcase(s, tc);
	return scratch_run(s);
}
