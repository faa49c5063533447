#include "config.h"

#include "shared/store_tokens.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "shared/store_sql.h"

bool
token_name_is_good(const char *name)
{
	static const char taken[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t len = strlen(name);

	return len > 0 && len < TOKEN_NAME_BYTES && strspn(name, taken) == len;
}

int
store_token_add(struct store *st, const struct token *t, const struct credential *c)
{
	int rc = store_run(st, "INSERT INTO tokens(id, hash, name, scope, created_ms, expires_ms) VALUES(?,?,?,?,?,?)", "ttttii",
	    c->id, c->hash, t->name, access_scope_word(t->scope), t->created_ms, t->expires_ms);

	return rc < 0 ? rc : 0;
}

int
store_token_revoke(struct store *st, const char *name)
{
	int rc = store_run(st, "DELETE FROM tokens WHERE name = ?", "t", name);

	return rc < 0 ? rc : rc > 0 ? 0 : -ENOENT;
}

/* Columns 0..4: name, scope, created_ms, used_ms, expires_ms. */
static int
token_of(sqlite3_stmt *stmt, struct token *out)
{
	*out = (struct token){
		.created_ms = sqlite3_column_int64(stmt, 2), .used_ms = sqlite3_column_int64(stmt, 3),
		.expires_ms = sqlite3_column_int64(stmt, 4),
	};
	(void)snprintf(out->name, sizeof out->name, "%s", column_str(stmt, 0));
	return access_scope_parse(slice_of(column_str(stmt, 1)), &out->scope) ? 0 : -EIO;
}

int
store_tokens(struct store *st, store_token_f *f, void *arg)
{
	int rc = 0, n = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc, "SELECT name, scope, created_ms, used_ms, expires_ms FROM tokens ORDER BY name", "");

	if (stmt == NULL)
		return rc;
	while ((rc = store_step(st, stmt)) > 0) {
		struct token t;

		n++;
		if ((rc = token_of(stmt, &t)) < 0 || f(&t, arg) != 0)
			break;
	}
	(void)sqlite3_reset(stmt);
	return rc < 0 ? rc : n;
}

int
store_token_find(struct store *st, const struct credential *c, bool session, struct token *out)
{
	static const char of_token[] = "SELECT name, scope, created_ms, used_ms, expires_ms, hash FROM tokens WHERE id = ?";
	static const char of_session[] =
	    "SELECT t.name, t.scope, t.created_ms, t.used_ms,"
	    " CASE WHEN t.expires_ms BETWEEN 1 AND s.expires_ms THEN t.expires_ms ELSE s.expires_ms END, s.hash"
	    " FROM sessions s JOIN tokens t ON t.id = s.token WHERE s.id = ?";
	char kept[CREDENTIAL_HASH_BYTES] = "";
	struct token found;
	int rc = 0;
	sqlite3_stmt *stmt = store_stmt(st, &rc, session ? of_session : of_token, "t", c->id);

	if (stmt == NULL)
		return rc;
	if ((rc = store_step(st, stmt)) <= 0)
		return rc < 0 ? rc : -ENOENT;
	(void)snprintf(kept, sizeof kept, "%s", column_str(stmt, 5));
	rc = token_of(stmt, &found);
	(void)sqlite3_reset(stmt);
	if (rc < 0)
		return rc;
	if (!credential_same(kept, c->hash))
		return -ENOENT;
	*out = found;
	return 0;
}

int
store_token_used(struct store *st, const struct token *t, int64_t wall_ms)
{
	int rc;

	if (wall_ms - t->used_ms < TOKEN_USED_MS)
		return 0;
	/* Asked again in the statement: of many requests at once one writes. */
	(void)sqlite3_busy_timeout(st->db, 0);	/* no question waits for a writer: the next one tells */
	rc = store_run(st, "UPDATE tokens SET used_ms = ? WHERE name = ? AND used_ms < ?", "iti",
	    wall_ms, t->name, wall_ms - TOKEN_USED_MS);
	(void)sqlite3_busy_timeout(st->db, STORE_BUSY_MS);
	return rc < 0 && rc != -EBUSY ? rc : 0;
}

int
store_session_add(struct store *st, const struct credential *c, const char *token_name, int64_t wall_ms, int64_t expires_ms)
{
	bool alone, ended;
	int rc = store_part_begin(st, &alone);

	if (rc == 0)
		rc = store_run(st, "DELETE FROM sessions WHERE expires_ms < ?", "i", wall_ms);
	if (rc >= 0)
		rc = store_run(st, "INSERT INTO sessions(id, hash, token, expires_ms)"
		    " SELECT ?1, ?2, id, ?3 FROM tokens WHERE name = ?4", "ttit", c->id, c->hash, expires_ms, token_name);
	if (rc == 0)
		rc = -ENOENT;		/* revoked just now */
	else if (rc > 0)
		rc = store_run(st, "DELETE FROM sessions WHERE id IN (SELECT s.id FROM sessions s JOIN tokens t ON t.id = s.token"
		    " WHERE t.name = ? ORDER BY s.id = ? DESC, s.expires_ms DESC LIMIT -1 OFFSET ?)", "tti",
		    token_name, c->id, (int64_t)SESSIONS_MAX);
	ended = rc > 0;
	rc = store_part_end(st, alone, rc < 0 ? rc : 0);
	return rc < 0 ? rc : ended;
}

int
store_session_end(struct store *st, const struct credential *c)
{
	int rc = store_run(st, "DELETE FROM sessions WHERE id = ? AND hash = ?", "tt", c->id, c->hash);

	return rc < 0 ? rc : rc > 0 ? 0 : -ENOENT;
}
