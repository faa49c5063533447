/* The tables of the store, and how an older one comes to have them. */
#include "config.h"

#include <errno.h>
#include <stdio.h>

#include "shared/store_sql.h"

/*
 * One entry a version: migrations[v] takes a store from user_version v to v + 1.
 * chunks_fts keeps no text of its own (external content): it is written
 * explicitly, which is three times as fast as by triggers.
 */
static const char *const migrations[STORE_SCHEMA] = {
	"CREATE TABLE crawls("
	"  n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, source TEXT NOT NULL, params TEXT NOT NULL,"
	"  phase TEXT NOT NULL, cancel INTEGER NOT NULL DEFAULT 0, seq INTEGER NOT NULL,"
	"  percentage INTEGER NOT NULL, total INTEGER NOT NULL, processed INTEGER NOT NULL,"
	"  failed INTEGER NOT NULL, skipped INTEGER NOT NULL, chunks INTEGER NOT NULL,"
	"  words INTEGER NOT NULL, examples INTEGER NOT NULL, bytes INTEGER NOT NULL,"
	"  rate INTEGER NOT NULL, started_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,"
	"  ended_ms INTEGER, url TEXT NOT NULL, current_url TEXT NOT NULL,"
	"  error TEXT NOT NULL, error_code TEXT NOT NULL, log TEXT NOT NULL DEFAULT '');"
	"CREATE INDEX crawls_live ON crawls(n) WHERE ended_ms IS NULL;"
	"CREATE INDEX crawls_ended ON crawls(ended_ms DESC) WHERE ended_ms IS NOT NULL;"

	"CREATE TABLE frontier("
	"  n INTEGER PRIMARY KEY, crawl INTEGER NOT NULL REFERENCES crawls(n) ON DELETE CASCADE,"
	"  url TEXT NOT NULL, depth INTEGER NOT NULL, state INTEGER NOT NULL DEFAULT 0, reason TEXT,"
	"  UNIQUE(crawl, url));"

	"CREATE TABLE sources("
	"  id TEXT PRIMARY KEY, url TEXT NOT NULL, title TEXT NOT NULL, description TEXT NOT NULL DEFAULT '',"
	"  knowledge_type TEXT NOT NULL, params TEXT NOT NULL, status TEXT NOT NULL,"
	"  created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,"
	"  pages INTEGER NOT NULL DEFAULT 0, chunks INTEGER NOT NULL DEFAULT 0,"
	"  words INTEGER NOT NULL DEFAULT 0, examples INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
	"CREATE TABLE source_tags("
	"  source TEXT NOT NULL REFERENCES sources(id) ON DELETE CASCADE, tag TEXT NOT NULL,"
	"  PRIMARY KEY(source, tag)) WITHOUT ROWID;"

	"CREATE TABLE pages("
	"  n INTEGER PRIMARY KEY, source TEXT NOT NULL REFERENCES sources(id) ON DELETE CASCADE,"
	"  url TEXT NOT NULL, title TEXT NOT NULL, description TEXT NOT NULL, language TEXT NOT NULL,"
	"  etag TEXT, last_modified TEXT, hash TEXT NOT NULL, fetched_ms INTEGER NOT NULL,"
	"  words INTEGER NOT NULL, bytes INTEGER NOT NULL, UNIQUE(source, url));"
	"CREATE INDEX pages_hash ON pages(source, hash);"

	"CREATE TABLE chunks("
	"  n INTEGER PRIMARY KEY, page INTEGER NOT NULL REFERENCES pages(n) ON DELETE CASCADE,"
	"  number INTEGER NOT NULL, headings TEXT NOT NULL, body TEXT NOT NULL);"
	"CREATE INDEX chunks_page ON chunks(page, number);"
	"CREATE TABLE code_examples("
	"  n INTEGER PRIMARY KEY, page INTEGER NOT NULL REFERENCES pages(n) ON DELETE CASCADE,"
	"  number INTEGER NOT NULL, language TEXT NOT NULL, code TEXT NOT NULL,"
	"  before TEXT NOT NULL, after TEXT NOT NULL, heading TEXT NOT NULL);"
	"CREATE INDEX code_examples_page ON code_examples(page, number);"

	"CREATE VIEW chunks_text(n, title, headings, body) AS"
	"  SELECT c.n, p.title, c.headings, c.body FROM chunks c JOIN pages p ON p.n = c.page;"
	"CREATE VIRTUAL TABLE chunks_fts USING fts5(title, headings, body,"
	"  content='chunks_text', content_rowid='n', tokenize='porter unicode61');",

	"ALTER TABLE crawls ADD COLUMN pause INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE crawls ADD COLUMN partial INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE crawls ADD COLUMN secrets TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE crawls ADD COLUMN outcomes TEXT NOT NULL DEFAULT '';"
	"CREATE INDEX crawls_source ON crawls(source) WHERE ended_ms IS NULL;"
	"ALTER TABLE sources ADD COLUMN secrets TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE sources ADD COLUMN crawled_ms INTEGER NOT NULL DEFAULT 0;"
	"UPDATE sources SET crawled_ms = updated_ms WHERE status <> 'crawling';"
	"ALTER TABLE pages ADD COLUMN crawl INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE pages ADD COLUMN recipe TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE pages ADD COLUMN links BLOB;"
	/* Pages whose chunks are not in the index yet: it is written in larger batches than pages are. */
	"CREATE TABLE unindexed(page INTEGER PRIMARY KEY REFERENCES pages(n) ON DELETE CASCADE);"
	"DROP VIEW chunks_text;"
	"CREATE VIEW chunks_text(n, title, headings, body) AS"
	"  SELECT c.n, p.title, c.headings, c.body FROM chunks c JOIN pages p ON p.n = c.page"
	"  WHERE c.page NOT IN (SELECT page FROM unindexed);",

	"ALTER TABLE sources ADD COLUMN edited INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE sources ADD COLUMN deleted_ms INTEGER;"
	"CREATE INDEX sources_deleted ON sources(deleted_ms) WHERE deleted_ms IS NOT NULL;"
	"ALTER TABLE sources ADD COLUMN stored_bytes INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE pages ADD COLUMN stored_bytes INTEGER NOT NULL DEFAULT 0;"
	"UPDATE pages SET stored_bytes = length(url) + ifnull(length(links), 0)"
	"  + ifnull((SELECT sum(length(CAST(headings AS BLOB)) + length(CAST(body AS BLOB))) FROM chunks WHERE page = pages.n), 0)"
	"  + ifnull((SELECT sum(length(CAST(code || before || after || heading AS BLOB))) FROM code_examples WHERE page = pages.n), 0);"
	"UPDATE sources SET stored_bytes = ifnull((SELECT sum(stored_bytes) FROM pages WHERE source = sources.id), 0);",

	/*
	 * What pages are searched by beside their text, and a tokenizer of our own.
	 * The crawler indexes what is there anew, by and by.
	 */
	"DROP TABLE chunks_fts;"
	"DROP VIEW chunks_text;"
	"ALTER TABLE chunks ADD COLUMN terms TEXT NOT NULL DEFAULT '';"	/* what it defines, one a line */
	"ALTER TABLE sources ADD COLUMN gathered INTEGER NOT NULL DEFAULT 0;"	/* page_facts has its link texts */
	"CREATE TABLE page_facts("				/* small, so that what changes late is cheap to write */
	"  page INTEGER PRIMARY KEY REFERENCES pages(n) ON DELETE CASCADE,"
	"  name TEXT NOT NULL,"					/* the title without what all titles have */
	"  names TEXT NOT NULL DEFAULT '',"			/* by which texts other pages lead to it, one a line */
	"  in_degree INTEGER NOT NULL DEFAULT 0,"		/* pages that do */
	"  link_share REAL NOT NULL DEFAULT 0);"		/* 0..1 of its own text leads elsewhere */
	"CREATE VIEW chunks_all(n, page, title, path, headings, terms, body, facets) AS"
	"  SELECT c.n, c.page, f.name, substr(p.url, 8 + instr(substr(p.url, 9), '/')),"
	"    substr(c.headings, instr(c.headings || ' > ', ' > ') + 3), c.terms, c.body,"	/* they begin with the title */
	"    p.source || ' ' || p.language"
	"  FROM chunks c JOIN pages p ON p.n = c.page JOIN page_facts f ON f.page = c.page;"
	"CREATE VIEW chunks_text AS SELECT * FROM chunks_all WHERE page NOT IN (SELECT page FROM unindexed);"
	"CREATE VIRTUAL TABLE chunks_fts USING fts5(title, path, headings, terms, body, facets,"
	"  content='chunks_text', content_rowid='n', tokenize='lexeme', columnsize=0);"
	"CREATE VIEW names_text AS SELECT page, names FROM page_facts WHERE names <> '';"
	"CREATE VIRTUAL TABLE names_fts USING fts5(names, content='names_text', content_rowid='page', tokenize='lexeme');"
	"CREATE VIEW code_all(n, page, heading, before, code, facets) AS"
	"  SELECT x.n, x.page, x.heading, x.before, x.code, p.source || ' ' || x.language"
	"  FROM code_examples x JOIN pages p ON p.n = x.page;"
	"CREATE VIEW code_text AS SELECT * FROM code_all WHERE page NOT IN (SELECT page FROM unindexed);"
	"CREATE VIRTUAL TABLE code_fts USING fts5(heading, before, code, facets,"
	"  content='code_text', content_rowid='n', tokenize='lexeme', columnsize=0);"
	"INSERT INTO chunks_fts(chunks_fts, rank) VALUES('usermerge', 2);"	/* see store_index_tidy() */
	"INSERT INTO names_fts(names_fts, rank) VALUES('usermerge', 2);"
	"INSERT INTO code_fts(code_fts, rank) VALUES('usermerge', 2);"
	/* By default four pieces of an index are merged, which a crawl pays again and again. */
	"INSERT INTO chunks_fts(chunks_fts, rank) VALUES('automerge', 8);"
	"INSERT INTO code_fts(code_fts, rank) VALUES('automerge', 8);"
	"INSERT OR IGNORE INTO unindexed SELECT n FROM pages;",

	/* Without an embedding endpoint both stay empty. */
	"CREATE TABLE vectors("
	"  chunk INTEGER PRIMARY KEY REFERENCES chunks(n) ON DELETE CASCADE, source TEXT NOT NULL, v BLOB NOT NULL);"
	"CREATE INDEX vectors_source ON vectors(source);"
	"CREATE TABLE vector_space("			/* what made them all */
	"  one INTEGER PRIMARY KEY CHECK(one = 1), model TEXT NOT NULL, dims INTEGER NOT NULL);",

	/* Who may come in: of both secrets only the SHA-256 is kept. */
	"CREATE TABLE tokens("
	"  id TEXT PRIMARY KEY, hash TEXT NOT NULL, name TEXT NOT NULL UNIQUE, scope TEXT NOT NULL,"
	"  created_ms INTEGER NOT NULL, used_ms INTEGER NOT NULL DEFAULT 0, expires_ms INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE sessions("			/* a cookie; it dies with its token */
	"  id TEXT PRIMARY KEY, hash TEXT NOT NULL, token TEXT NOT NULL REFERENCES tokens(id) ON DELETE CASCADE,"
	"  expires_ms INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX sessions_token ON sessions(token);",

	/* What a page says it is stands before its names now: the crawler gathers them anew, by and by. */
	"UPDATE sources SET gathered = 0;",

	"ALTER TABLE crawls ADD COLUMN request TEXT NOT NULL DEFAULT '';",	/* by which it was asked for */

	"ALTER TABLE page_facts DROP COLUMN link_share;",	/* no part of the ranking any more */

	/* Which page each chunk found is of, without a look at texts a hundred times as large. */
	"CREATE INDEX chunks_whose ON chunks(n, page);",

	/*
	 * Not merged bit by bit while a crawl writes: store_index_tidy() makes one piece of all when it is
	 * over, and FTS5 merges sixteen by itself, so that there are never many.
	 */
	"INSERT INTO chunks_fts(chunks_fts, rank) VALUES('automerge', 0);"
	"INSERT INTO code_fts(code_fts, rank) VALUES('automerge', 0);"
	"INSERT INTO names_fts(names_fts, rank) VALUES('automerge', 0);",
};

int
store_version_refuse(const char *path, int64_t version, struct err *e)
{
	return err_set(e, -ESTALE, "%s: written by a newer archon (schema %lld, this one knows %d); "
	    "install that version again, or restore a backup made with this one", path, (long long)version, STORE_SCHEMA);
}

int
store_migrate(struct store *st, const char *path, struct err *e)
{
	int64_t version = 0;
	char pragma[48];
	int rc = store_int(st, &version, "PRAGMA user_version", "");

	if (rc < 0 || version == STORE_SCHEMA || (rc = store_begin(st)) < 0)
		return rc;
	if ((rc = store_int(st, &version, "PRAGMA user_version", "")) < 0)
		goto fail;
	if (version < 0 || version > STORE_SCHEMA) {
		rc = store_version_refuse(path, version, e);
		goto fail;
	}
	for (; version < STORE_SCHEMA; version++)
		if ((rc = store_exec(st, migrations[version])) < 0)
			goto fail;
	(void)snprintf(pragma, sizeof pragma, "PRAGMA user_version = %d", STORE_SCHEMA);
	if ((rc = store_exec(st, pragma)) < 0)
		goto fail;
	return store_commit(st);
fail:
	store_rollback(st);
	return rc;
}
