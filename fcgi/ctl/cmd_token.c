/* token add, list, revoke: who may come in.  They work on the store, whether or not the daemons run. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"
#include "shared/clock.h"
#include "shared/json_text.h"
#include "shared/revoked.h"
#include "shared/store_tokens.h"

static int
failed(const struct store *st, int rc, struct err *e)
{
	if (e->text[0] == '\0')
		err_set(e, rc, "the store: %s", st != NULL ? store_error(st) : strerror(-rc));
	fprintf(stderr, "archonctl: %s\n", e->text);
	return CTL_FAILED;
}

static int
print(struct text *t)
{
	const char *s = text_str(t);

	if (s != NULL)
		puts(s);
	text_fini(t);
	return s != NULL ? CTL_DONE : CTL_FAILED;
}

static void
token_put(struct text *out, const struct token *t)	/* the object stays open */
{
	json_open(out, '{');
	json_kstr(out, "name", t->name);
	json_kstr(out, "scope", access_scope_word(t->scope));
	json_ktime(out, "created", t->created_ms);
	json_ktime(out, "used", t->used_ms);
	json_ktime(out, "expires", t->expires_ms);
}

/* -- add ------------------------------------------------------------------------- */

static int
token_wanted(const struct ctl *ctl, struct token *t)
{
	const int64_t day_ms = INT64_C(24) * 60 * 60 * 1000;

	*t = (struct token){ .created_ms = clock_wall_ms() };
	if (!token_name_is_good(ctl->opt.word)) {
		fprintf(stderr, "archonctl: a token's name has 1 to %d of A-Z a-z 0-9 . _ -\n", TOKEN_NAME_BYTES - 1);
		return CTL_USAGE;
	}
	if (!access_scope_parse(slice_of(ctl->opt.scope), &t->scope)) {
		fputs("archonctl: --scope takes read, crawl or admin\n", stderr);
		return CTL_USAGE;
	}
	if (ctl->opt.days > 36500 || ctl->opt.days == 0) {
		fputs("archonctl: --days takes 1 to 36500\n", stderr);
		return CTL_USAGE;
	}
	(void)snprintf(t->name, sizeof t->name, "%s", ctl->opt.word);
	t->expires_ms = ctl->opt.days > 0 ? t->created_ms + ctl->opt.days * day_ms : 0;
	return CTL_DONE;
}

int
cmd_token_add(const struct ctl *ctl)
{
	char secret[CREDENTIAL_TEXT_BYTES];
	struct err e = { "" };
	struct credential c;
	struct text out = { 0 };
	struct store *st = NULL;
	struct token t;
	int rc;

	if ((rc = token_wanted(ctl, &t)) != CTL_DONE)
		return rc;
	credential_make(&c, TOKEN_PREFIX, secret);
	if ((rc = ctl_store_open(ctl, &st, &e)) == 0)
		rc = store_token_add(st, &t, &c);
	if (rc == -EEXIST)
		err_set(&e, rc, "there is a token called %s: choose another name, or revoke that one", t.name);
	if (rc < 0)
		(void)failed(st, rc, &e);
	store_close(st);
	if (rc < 0)
		return CTL_FAILED;
	if (ctl->opt.json) {
		token_put(&out, &t);
		json_kstr(&out, "token", secret);
		json_close(&out, '}');
		return print(&out);
	}
	puts(secret);
	if (ctl->tty)
		fputs("It is not shown again.  It goes into Authorization: Bearer TOKEN, or into the page's sign-in.\n", stderr);
	return CTL_DONE;
}

/* -- list ------------------------------------------------------------------------ */

struct listing {
	struct text out;
	bool	    json;
};

static void
day_put(struct text *out, const char *word, int64_t wall_ms, const char *never)
{
	char iso[CLOCK_ISO_BYTES];

	clock_iso(iso, wall_ms);
	text_printf(out, "  %s %.16s", word, wall_ms != 0 ? iso : never);
}

static int
list_one(const struct token *t, void *arg)
{
	struct listing *l = arg;

	if (l->json) {
		token_put(&l->out, t);
		json_close(&l->out, '}');
		return l->out.failed;
	}
	text_printf(&l->out, "%s%-20s %-5s", l->out.len > 0 ? "\n" : "", t->name, access_scope_word(t->scope));
	day_put(&l->out, "made", t->created_ms, "");
	day_put(&l->out, "used", t->used_ms, "never");
	if (t->expires_ms != 0)
		day_put(&l->out, t->expires_ms < clock_wall_ms() ? "EXPIRED" : "expires", t->expires_ms, "");
	return l->out.failed;
}

int
cmd_token_list(const struct ctl *ctl)
{
	struct listing l = { .json = ctl->opt.json };
	struct store *st = NULL;
	struct err e = { "" };
	int rc;

	if (l.json)
		json_open(&l.out, '[');
	if ((rc = ctl_store_open(ctl, &st, &e)) == 0)
		rc = store_tokens(st, list_one, &l);
	if (rc < 0)
		(void)failed(st, rc, &e);
	store_close(st);
	if (rc < 0) {
		text_fini(&l.out);
		return CTL_FAILED;
	}
	if (l.json)
		json_close(&l.out, ']');
	else if (rc == 0)
		text_puts(&l.out, "No tokens.  Make one with archonctl token add NAME --scope read");
	return print(&l.out);
}

/* -- revoke ---------------------------------------------------------------------- */

/* What is open under it ends.  Without a table there is no relay with clients. */
static int
streams_end(const struct ctl *ctl)
{
	struct table *t = NULL;
	struct err e = { "" };
	int rc = table_open(&t, ctl->conf.run_dir, &e);

	if (rc == 0)
		rc = revoked_tell(t, ctl->opt.word);
	table_close(t);
	if (rc == 0 || rc == -ENOENT)
		return CTL_DONE;
	fprintf(stderr, "archonctl: %s is revoked, but streams that are open under it could not be ended (%s); "
	    "systemctl restart archon-relay ends all\n", ctl->opt.word, e.text[0] != '\0' ? e.text : strerror(-rc));
	return CTL_FAILED;
}

int
cmd_token_revoke(const struct ctl *ctl)
{
	struct store *st = NULL;
	struct err e = { "" };
	struct text out = { 0 };
	int rc;

	if ((rc = ctl_store_open(ctl, &st, &e)) == 0)
		rc = store_token_revoke(st, ctl->opt.word);
	if (rc == -ENOENT && st != NULL)
		err_set(&e, rc, "there is no token called %s; archonctl token list names them", ctl->opt.word);
	if (rc < 0)
		(void)failed(st, rc, &e);
	store_close(st);
	if (rc < 0 || streams_end(ctl) != CTL_DONE)
		return CTL_FAILED;
	if (ctl->opt.json) {
		json_open(&out, '{');
		json_kstr(&out, "revoked", ctl->opt.word);
		json_close(&out, '}');
		return print(&out);
	}
	printf("revoked %s, its sessions on the page, and what was open under it\n", ctl->opt.word);
	return CTL_DONE;
}
