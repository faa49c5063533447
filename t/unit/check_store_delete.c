/*
 * Whoever deletes a source stands still in the middle of it, for as long as it likes: others
 * go on reading, that source and others.  Killed there, nothing of that step has happened.
 */
#include "config.h"

#include "shared/store.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store_fixture.h"

#define DOOMED "000000000000000d"
#define KEPT "000000000000000e"

enum { DOOMED_PAGES = 40, KEPT_PAGES = 3 };

static char dir[96];

static void
fill(void)
{
	struct store *st;
	char url[32];

	(void)snprintf(dir, sizeof dir, "%s", scratch_dir());
	st = store_in(dir);
	begin_source(st, DOOMED);
	begin_source(st, KEPT);
	for (unsigned i = 0; i < DOOMED_PAGES + KEPT_PAGES; i++) {
		(void)snprintf(url, sizeof url, "http://a/%02u", i);
		ck_assert_int_eq(put_page(st, i < DOOMED_PAGES ? DOOMED : KEPT, url, "t", SLICE_LIT("zebra")), 0);
	}
	ck_assert_int_eq(store_source_end(st, DOOMED, "active", 2), 0);
	ck_assert_int_eq(store_source_end(st, KEPT, "active", 2), 0);
	store_close(st);
}

/* -- who deletes ------------------------------------------------------------------------ */

enum moment { HIDING, HIDDEN, TAKING_SOME, TAKING_SOME_MORE, TAKING_ALL, N_MOMENTS };

/* Up to the moment, within whose transaction it stops; goes on, when it may, to the end. */
static void
delete_it(enum moment m)
{
	struct store *st = store_in(dir);

	if (m > HIDING)
		ck_assert_int_eq(store_source_delete(st, DOOMED, 9), 0);
	if (m == TAKING_SOME_MORE)
		ck_assert_int_eq(store_purge(st, 5), 1);
	ck_assert_int_eq(store_begin(st), 0);
	if (m == HIDING)
		ck_assert_int_eq(store_source_delete(st, DOOMED, 9), 0);
	else if (m == TAKING_ALL)
		while (store_purge(st, 16) > 0)
			;
	else if (m > HIDDEN)
		ck_assert_int_eq(store_purge(st, 5), 1);
	(void)raise(SIGSTOP);
	ck_assert_int_eq(store_commit(st), 0);
	while (store_purge(st, 16) > 0)
		;
	store_close(st);
	_exit(0);
}

static pid_t
stopped_at(enum moment m)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		delete_it(m);
	ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
	ck_assert(WIFSTOPPED(status));
	return pid;
}

/* -- who reads --------------------------------------------------------------------------- */

static int
count_source(const struct source *s, void *arg)
{
	(void)s;
	++*(int *)arg;
	return 0;
}

static int
count_chunk(const struct chunk_entry *c, void *arg)
{
	(void)c;
	++*(int *)arg;
	return 0;
}

static int
count_code(const struct code_hit *h, void *arg)
{
	(void)h;
	++*(int *)arg;
	return 0;
}

static void
reads_source(struct store *st, const char *id, int n_pages)	/* n_pages 0: there is none */
{
	const struct search s = { .query = "zebra", .source_id = id, .limit = 100 };
	int n = 0;

	ck_assert_int_eq(store_source_get(st, id, count_source, &n), n_pages > 0 ? 0 : -ENOENT);
	ck_assert_int_eq(n, n_pages > 0);
	n = 0;
	ck_assert_int_eq(store_search(st, &s, count_hit, &n), n_pages);
	n = 0;
	ck_assert_int_eq(store_search_code(st, &(struct search){ .query = "return", .source_id = id, .limit = 100 },
	    count_code, &n), n_pages);
	n = 0;
	if (n_pages > 0) {
		ck_assert_int_eq(store_chunk_list(st, &(struct content_filter){ .source_id = id, .limit = 100 }, count_chunk, &n), 0);
		ck_assert_int_eq(n, n_pages);
	}
}

static void
reads(struct store *st, bool there)
{
	const struct source_filter every = { .limit = 100 };
	struct store_metrics m;
	int n = 0;

	ck_assert_int_eq(store_sources_count(st, &every), 1 + there);
	ck_assert_int_eq(store_sources_each(st, &every, count_source, &n), 0);
	ck_assert_int_eq(n, 1 + there);
	reads_source(st, KEPT, KEPT_PAGES);
	reads_source(st, DOOMED, there ? DOOMED_PAGES : 0);
	ck_assert_int_eq(hits(st, "zebra"), KEPT_PAGES + (there ? DOOMED_PAGES : 0));
	ck_assert_int_eq(store_metrics(st, &m), 0);
	ck_assert_int_eq(m.n_sources, 1 + there);
}

static void
all_read(struct store *before, bool there)	/* who was there before, and who comes only now */
{
	struct store *now = store_in(dir);

	reads(before, there);
	reads(now, there);
	store_close(now);
}

START_TEST(readers_go_on)
{
	struct store *reader, *st;
	pid_t pid;
	int status;

	fill();
	reader = store_in(dir);
	pid = stopped_at((enum moment)_i);
	all_read(reader, _i == HIDING);
	all_read(reader, _i == HIDING);
	ck_assert_int_eq(waitpid(pid, &status, WNOHANG), 0);	/* it stands there still */
	ck_assert_int_eq(kill(pid, SIGCONT), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	all_read(reader, false);
	ck_assert_int_eq(store_source_is_deleted(reader, DOOMED), 0);	/* but gone */
	ck_assert_int_eq(store_pages_count(reader, DOOMED), 0);
	store_close(reader);
	st = store_in(dir);
	store_sound(st);
	store_close(st);
}
END_TEST

START_TEST(killed_there)
{
	struct store *reader;
	pid_t pid;
	int status, on_disk = _i == TAKING_SOME_MORE ? DOOMED_PAGES - 5 : DOOMED_PAGES;

	fill();
	reader = store_in(dir);
	pid = stopped_at((enum moment)_i);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	all_read(reader, _i == HIDING);
	ck_assert_int_eq(store_pages_count(reader, DOOMED), on_disk);
	store_sound(reader);
	if (_i == HIDING)
		ck_assert_int_eq(store_source_delete(reader, DOOMED, 9), 0);
	while (store_purge(reader, 16) > 0)
		;
	all_read(reader, false);
	ck_assert_int_eq(store_pages_count(reader, DOOMED), 0);
	store_sound(reader);
	store_close(reader);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("store_delete");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, readers_go_on, 0, N_MOMENTS);
	tcase_add_loop_test(tc, killed_there, 0, N_MOMENTS);
	suite_add_tcase(s, tc);
	return scratch_run(s);
}
