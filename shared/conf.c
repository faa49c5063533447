#include "config.h"

#include "shared/conf.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shared/guard.h"
#include "shared/url.h"

/* -- every key ----------------------------------------------------------------- */

enum conf_type { CONF_TEXT, CONF_NUMBER, CONF_BYTES, CONF_TIME, CONF_BOOL };

/* Is text good for a key?  0, or -EINVAL with e saying "key: what is wrong". */
typedef int conf_check_f(const char *value, struct err *e);
static conf_check_f check_run_dir, check_state_dir, check_public_url, check_origins, check_private, check_ports,
    check_embedding_url, check_key_file;

static const struct conf_key {
	const char    *name;
	enum conf_type type;
	size_t	       at, bytes;
	int64_t	       min, max;
	const char    *initial;
	const char    *what;		/* one line of help */
	const char    *section;		/* heading in conf_print(), first key of it only */
	conf_check_f  *check;		/* of a text; NULL: any will do */
} conf_keys[] = {
#define TEXT(name, initial, check, what)	{ #name, CONF_TEXT, offsetof(struct conf, name), sizeof(((struct conf *)0)->name), 0, 0, initial, what, NULL, check }
#define NUM(name, field, type, min, max, initial, what) { #name, type, offsetof(struct conf, field), 0, min, max, initial, what, NULL, NULL }
#define SECTION(s)	{ NULL, CONF_TEXT, 0, 0, 0, 0, NULL, NULL, s, NULL }
	SECTION("places"),
	TEXT(run_dir,	"/run/archon", check_run_dir,		"sockets and the progress table; should be on tmpfs"),
	TEXT(state_dir,	"/var/lib/archon", check_state_dir,	"the store, archon.db"),
	TEXT(public_url, "http://localhost:8080", check_public_url, "where nginx answers, for archonctl"),
	SECTION("every program"),
	TEXT(log_level,	"info", NULL,			"error, warning, info or debug"),
	{ "access", CONF_TEXT, offsetof(struct conf, access_word), sizeof(((struct conf *)0)->access_word), 0, 0, "auto",
	    "who needs a token (archonctl token): auto: those who do not come over loopback; required: all; off: nobody", NULL, NULL },
	TEXT(allow_origins, "", check_origins, "foreign origins whose pages may call, such as https://wiki.example.com, space separated"),
	NUM(table_rows, table_rows, CONF_NUMBER, 16, 65536, "4096", "crawls the table shows at once, live and ended; used when the table is made"),
	NUM(store_max_size, store_max_bytes, CONF_BYTES, 0, INT64_C(1) << 46, "0", "the store grows no further; 0: as the disk allows"),
	SECTION("archon-api"),
	NUM(api_threads, api_threads, CONF_NUMBER, 1, 64, "4", "requests served at once"),
	NUM(max_body, body_max_bytes, CONF_BYTES, 1024, 16 << 20, "64KiB", "largest request body"),
	NUM(max_upload, upload_max_bytes, CONF_BYTES, 1024, 1 << 30, "10MiB", "largest document; beyond 64MiB nginx has a limit of its own, in locations.conf"),
	NUM(max_queued, max_queued, CONF_NUMBER, 1, 65536, "1000", "crawls accepted and not ended; more are told to come later"),
	SECTION("archon-relay"),
	NUM(conflate, conflate_ms, CONF_TIME, 0, 10000, "50ms", "a crawl's further changes go out at most so often"),
	NUM(ping_interval, ping_ms, CONF_TIME, 100, 3600000, "20s", "WebSocket Ping to every client"),
	NUM(pong_timeout, pong_ms, CONF_TIME, 100, 3600000, "20s", "no Pong for so long: the client is gone (1011)"),
	NUM(heartbeat, heartbeat_ms, CONF_TIME, 100, 3600000, "25s", "the message {\"type\":\"ping\"}; keep it below nginx's proxy_read_timeout"),
	NUM(handshake_timeout, handshake_ms, CONF_TIME, 100, 600000, "10s", "for a client to send its whole request"),
	NUM(write_timeout, write_ms, CONF_TIME, 100, 3600000, "60s", "for a client to take what it was sent"),
	NUM(waiting_timeout, waiting_ms, CONF_TIME, 100, 86400000, "10m", "for a crawl that never starts (closed with 1000)"),
	NUM(linger, linger_ms, CONF_TIME, 100, 86400000, "5m", "open after a crawl's last message (closed with 1000)"),
	NUM(max_clients, max_clients, CONF_NUMBER, 1, 1000000, "20000", "clients at once, of all relay processes; more get 503"),
	NUM(max_message, message_max_bytes, CONF_BYTES, 128, 1 << 20, "4KiB", "from a client; more is closed with 1009"),
	NUM(max_messages, max_messages, CONF_NUMBER, 0, 60000, "200", "from a client in a second; more is closed with 1008; 0: any number"),
	NUM(max_per_address, max_per_address, CONF_NUMBER, 1, 1000000, "1000", "clients at once from one address (IPv6: one /64), of each relay process; more get 429"),
	NUM(drain, drain_ms, CONF_TIME, 0, 600000, "3s", "at the end clients are told good-bye over so long, lest all come back at once"),
	NUM(relay_workers, workers, CONF_NUMBER, 1, 8, "1", "relay processes on the one socket; -w goes first"),
	NUM(compress, compress, CONF_BOOL, 0, 1, "no", "permessage-deflate for WebSocket clients that offer it"),
	SECTION("archon-crawler"),
	NUM(max_crawls, max_crawls, CONF_NUMBER, 1, 256, "4", "crawls running at once; others are queued"),
	NUM(parse_threads, parse_threads, CONF_NUMBER, 0, 64, "0", "threads that read pages; 0: one a processor"),
	NUM(connect_timeout, connect_ms, CONF_TIME, 100, 300000, "10s", "to a site"),
	NUM(fetch_timeout, fetch_ms, CONF_TIME, 100, 3600000, "60s", "for one page, from start to end"),
	NUM(max_page_size, page_max_bytes, CONF_BYTES, 1024, 1 << 30, "10MiB", "of one page, after decompression; a larger one is skipped"),
	NUM(max_crawl_size, crawl_max_bytes, CONF_BYTES, 0, INT64_C(1) << 46, "8GiB", "of all pages of one crawl, as they came over the wire; 0: no limit"),
	TEXT(ports, "80 443 1024-65535", check_ports, "ports that may be crawled: numbers and ranges, space separated; host:port in allow_private is allowed anyway"),
	NUM(convert_timeout, convert_ms, CONF_TIME, 1000, 3600000, "60s", "for reading one uploaded document"),
	NUM(max_redirects, max_redirects, CONF_NUMBER, 0, 50, "10", "in a row"),
	NUM(retries, retries, CONF_NUMBER, 0, 20, "3", "of a page, for failures that may pass"),
	TEXT(user_agent, "archon/" PACKAGE_VERSION " (documentation crawler; postmaster@%H)", NULL, "how sites see us, with an address they can write to; %H is this host's name"),
	TEXT(allow_private, "", check_private, "private or loopback addresses that may be crawled: CIDR (10.1.0.0/16) or host:port, space separated"),
	NUM(obey_robots, obey_robots, CONF_BOOL, 0, 1, "yes", "honour robots.txt (RFC 9309); no only for sites of your own"),
	SECTION("search by meaning"),
	TEXT(embedding_url, "", check_embedding_url, "an OpenAI-compatible endpoint such as http://127.0.0.1:11434/v1/embeddings; empty: search goes by words alone"),
	TEXT(embedding_model, "", NULL,		"its name there, such as all-minilm; with another name all is embedded anew"),
	TEXT(embedding_key_file, "", check_key_file, "holds the key for the endpoint, readable to archon-crawler alone; empty: it needs none"),
#undef TEXT
#undef NUM
#undef SECTION
};
enum { N_KEYS = sizeof conf_keys / sizeof conf_keys[0] };

/* -- texts that are not any text -------------------------------------------------- */

/* A socket's path holds 107 bytes, and the longest of ours is run_dir + "/crawler/embed.sock". */
enum { RUN_DIR_MAX = 107 - 19 };

static int
check_run_dir(const char *value, struct err *e)
{
	if (*value != '/' || strlen(value) > RUN_DIR_MAX)
		return err_set(e, -EINVAL, "run_dir: \"%s\" is not an absolute path of at most %d bytes", value, RUN_DIR_MAX);
	return 0;
}

static int
check_state_dir(const char *value, struct err *e)
{
	return *value == '/' ? 0 : err_set(e, -EINVAL, "state_dir: \"%s\" is not an absolute path", value);
}

static int
check_public_url(const char *value, struct err *e)
{
	struct url u;

	return url_parse(&u, value) == 0 ? 0
	    : err_set(e, -EINVAL, "public_url: \"%s\" is not an address such as http://localhost:8080", value);
}

static int
check_origins(const char *value, struct err *e)
{
	char one[CONF_TEXT_BYTES];
	struct url u;

	for (size_t len; value += strspn(value, " \t"), (len = strcspn(value, " \t")) > 0; value += len) {
		memcpy(one, value, len);
		one[len] = '\0';
		/* Nothing may stand behind host and port: browsers send no more. */
		if (url_parse(&u, one) < 0 || u.len != u.path_at + 1 || one[len - 1] == '/')
			return err_set(e, -EINVAL, "allow_origins: \"%s\" is not an origin such as https://wiki.example.com", one);
	}
	return 0;
}

static int
check_private(const char *value, struct err *e)
{
	struct guard g;

	return guard_init(&g, value, e);
}

static int
check_ports(const char *value, struct err *e)
{
	struct guard g;

	return guard_init_ports(&g, value, e);
}

static int
check_embedding_url(const char *value, struct err *e)
{
	struct url u;

	return *value == '\0' || (url_parse(&u, value) == 0 && u.len > u.path_at + 1) ? 0 :
	    err_set(e, -EINVAL, "embedding_url: \"%s\" is not an address such as http://127.0.0.1:11434/v1/embeddings", value);
}

static int
check_key_file(const char *value, struct err *e)
{
	return *value == '\0' || *value == '/' ? 0 :
	    err_set(e, -EINVAL, "embedding_key_file: \"%s\" is not an absolute path", value);
}

static bool
access_parse(const char *value, enum conf_access *out)
{
	static const char *const word[] = { [ACCESS_AUTO] = "auto", [ACCESS_REQUIRED] = "required", [ACCESS_OFF] = "off" };

	for (unsigned i = 0; i < sizeof word / sizeof word[0]; i++)
		if (strcmp(value, word[i]) == 0) {
			*out = (enum conf_access)i;
			return true;
		}
	return false;
}

/* -- values ---------------------------------------------------------------------- */

struct unit {
	const char *name;
	int64_t	    factor;
};

static const struct unit bytes_units[] = {
	{ "", 1 }, { "B", 1 }, { "KiB", 1024 }, { "MiB", 1 << 20 }, { "GiB", 1 << 30 }, { NULL, 0 },
};
static const struct unit time_units[] = {	/* a bare number would be a guess */
	{ "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 }, { NULL, 0 },
};
static const struct unit no_units[] = { { "", 1 }, { NULL, 0 } };

static const struct unit *
key_units(const struct conf_key *k)
{
	return k->type == CONF_BYTES ? bytes_units : k->type == CONF_TIME ? time_units : no_units;
}

static int
number_parse(const struct conf_key *k, const char *s, int64_t *out)
{
	const struct unit *u;
	unsigned long long v;
	char *end;

	if (!isdigit((unsigned char)*s))
		return -EINVAL;
	errno = 0;
	v = strtoull(s, &end, 10);
	if (errno != 0 || v > INT64_MAX)
		return -ERANGE;
	while (*end == ' ')
		end++;
	for (u = key_units(k); u->name != NULL; u++)
		if (strcmp(u->name, end) == 0)
			break;
	if (u->name == NULL)
		return -EINVAL;
	if (__builtin_mul_overflow((int64_t)v, u->factor, out) || *out < k->min || *out > k->max)
		return -ERANGE;
	return 0;
}

/* The shortest way to write v: 65536 of bytes is "64KiB". */
static void
number_print(const struct conf_key *k, int64_t v, char *out, size_t bytes)
{
	const struct unit *best = NULL;

	if (k->type == CONF_BOOL) {
		(void)snprintf(out, bytes, "%s", v != 0 ? "yes" : "no");
		return;
	}
	for (const struct unit *u = key_units(k); u->name != NULL; u++)
		if (best == NULL || (v != 0 && v % u->factor == 0 && u->factor > best->factor))
			best = u;
	(void)snprintf(out, bytes, "%lld%s", (long long)(v / best->factor), v == 0 && k->type == CONF_TIME ? "s" : best->name);
}

static int
value_set(struct conf *c, const struct conf_key *k, const char *value, struct err *e)
{
	char *at = (char *)c + k->at, lo[32], hi[32];
	int64_t v = 0;
	int rc;

	switch (k->type) {
	case CONF_TEXT:
		if (strlen(value) >= k->bytes)
			return err_set(e, -EINVAL, "%s: longer than %zu bytes", k->name, k->bytes - 1);
		if (k->check != NULL && (rc = k->check(value, e)) < 0)
			return rc;
		(void)snprintf(at, k->bytes, "%s", value);
		if (k->at == offsetof(struct conf, log_level) && !log_level_parse(value, &c->log_max))
			return err_set(e, -EINVAL, "log_level: \"%s\" is not one of error, warning, info, debug", value);
		if (k->at == offsetof(struct conf, access_word) && !access_parse(value, &c->access))
			return err_set(e, -EINVAL, "access: \"%s\" is not one of auto, required, off", value);
		return 0;
	case CONF_BOOL:
		if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
			return err_set(e, -EINVAL, "%s: \"%s\" is neither yes nor no", k->name, value);
		*(bool *)at = strcmp(value, "yes") == 0;
		return 0;
	default:
		rc = number_parse(k, value, &v);
		number_print(k, k->min, lo, sizeof lo);
		number_print(k, k->max, hi, sizeof hi);
		if (rc == -EINVAL)
			return err_set(e, rc, "%s: \"%s\" is not %s", k->name, value,
			    k->type == CONF_TIME ? "a time such as 30s (units ms, s, m, h, d)"
			    : k->type == CONF_BYTES ? "a size such as 10MiB (units KiB, MiB, GiB)" : "a whole number");
		if (rc < 0)
			return err_set(e, rc, "%s: %s is out of range, %s to %s are accepted", k->name, value, lo, hi);
		memcpy(at, &v, sizeof v);
		return 0;
	}
}

/* -- files ----------------------------------------------------------------------- */

void
conf_defaults(struct conf *c)
{
	memset(c, 0, sizeof *c);
	for (unsigned i = 0; i < N_KEYS; i++)
		if (conf_keys[i].name != NULL && value_set(c, &conf_keys[i], conf_keys[i].initial, NULL) < 0)
			abort();		/* our own table is wrong: a programmer's error */
}

static char *
trim(char *s)
{
	char *end = s + strlen(s);

	while (isspace((unsigned char)*s))
		s++;
	while (end > s && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return s;
}

static int
line_read(struct conf *c, char *line, bool *seen, struct err *e)
{
	char *key = trim(line), *value = strchr(key, '=');

	if (*key == '\0' || *key == '#')
		return 0;
	if (value == NULL)
		return err_set(e, -EINVAL, "\"%s\" is not `key = value`", key);
	*value++ = '\0';
	key = trim(key);
	value = trim(value);
	for (unsigned i = 0; i < N_KEYS; i++) {
		if (conf_keys[i].name == NULL || strcmp(conf_keys[i].name, key) != 0)
			continue;
		if (seen[i])
			return err_set(e, -EINVAL, "%s is set twice", key);
		seen[i] = true;
		return value_set(c, &conf_keys[i], value, e);
	}
	return err_set(e, -EINVAL, "unknown key \"%s\"", key);
}

int
conf_load(struct conf *c, const char *path, struct err *e)
{
	bool seen[N_KEYS] = { false };
	unsigned n = 0;
	char line[2048];
	struct err why;
	FILE *f;
	int rc = 0;

	conf_defaults(c);
	if ((f = fopen(path, "re")) == NULL)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	/* Filled anew each time, so that the last NUL is the one of fgets() and a NUL before it is the file's. */
	while (rc == 0 && fgets(memset(line, '\n', sizeof line), sizeof line, f) != NULL) {
		n++;
		if ((const char *)memrchr(line, '\0', sizeof line) != line + strlen(line))
			rc = err_set(&why, -EINVAL, "a NUL byte");
		else if (strchr(line, '\n') == NULL && !feof(f))
			rc = err_set(&why, -EINVAL, "line longer than %zu bytes", sizeof line - 2);
		else
			rc = line_read(c, line, seen, &why);
		if (rc < 0)
			(void)err_set(e, rc, "%s:%u: %s", path, n, why.text);
	}
	if (rc == 0 && ferror(f))
		rc = err_set(e, -EIO, "%s: cannot be read", path);
	(void)fclose(f);		/* read only: nothing to lose */
	return rc;
}

static void
value_print(const struct conf *c, const struct conf_key *k, char *out, size_t bytes)
{
	const char *at = (const char *)c + k->at;
	int64_t v;

	if (k->type == CONF_TEXT) {
		(void)snprintf(out, bytes, "%s", at);
		return;
	}
	if (k->type == CONF_BOOL)
		v = *(const bool *)at;
	else
		memcpy(&v, at, sizeof v);
	number_print(k, v, out, bytes);
}

void
conf_print(const struct conf *c, FILE *out)
{
	struct conf initial;

	conf_defaults(&initial);
	for (unsigned i = 0; i < N_KEYS; i++) {
		const struct conf_key *k = &conf_keys[i];
		char value[CONF_TEXT_BYTES], was[CONF_TEXT_BYTES];

		if (k->name == NULL) {
			fprintf(out, "%s## %s\n", i > 0 ? "\n" : "", k->section);
			continue;
		}
		value_print(c, k, value, sizeof value);
		value_print(&initial, k, was, sizeof was);
		fprintf(out, "# %s\n%s%s =%s%s\n", k->what, strcmp(value, was) == 0 ? "#" : "",
		    k->name, *value != '\0' ? " " : "", value);
	}
}
