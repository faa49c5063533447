/*
 * table_fixture - a table in a scratch directory, what to put in it, and
 * processes that die with it in their hands.
 */
#ifndef TABLE_FIXTURE_H
#define TABLE_FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "scratch.h"
#include "shared/table.h"

enum { ROWS = 16 };

__attribute__((unused)) static struct crawl_progress *
progress(const char *id, int64_t ended_wall_ms)	/* borrowed until the next call */
{
	static struct crawl_progress p;

	memset(&p, 0, sizeof p);
	FIELD_SET(p.id, id);
	p.phase = ended_wall_ms != 0 ? CRAWL_COMPLETED : CRAWL_QUEUED;
	p.ended_wall_ms = ended_wall_ms;
	FIELD_SET(p.url, "http://127.0.0.1/");
	return &p;
}

__attribute__((unused)) static const char *
id_of(const char *prefix, unsigned n)
{
	static char id[ROW_ID_BYTES];

	(void)snprintf(id, sizeof id, "%s-%u", prefix, n);
	return id;
}

__attribute__((unused)) static const char *
dir_with_table(void)
{
	const char *dir = scratch_dir();
	struct err e = { "" };

	ck_assert_msg(table_create(dir, ROWS, NULL, NULL, &e) == 0, "%s", e.text);
	return dir;
}

__attribute__((unused)) static struct table *
attach(const char *dir)
{
	struct table *t = NULL;
	struct err e = { "" };

	ck_assert_msg(table_open(&t, dir, &e) == 0, "%s", e.text);
	return t;
}

struct victim {
	char	    dir[96];
	atomic_uint ready;
};

__attribute__((unused)) static struct victim *
victim_new(const char *dir)
{
	struct victim *v = shared_zeros(sizeof *v);

	(void)snprintf(v->dir, sizeof v->dir, "%s", dir);
	return v;
}

#endif
