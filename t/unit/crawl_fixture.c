#include "config.h"

#include "crawl_fixture.h"

#include <curl/curl.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>

#include "shared/clock.h"
#include "shared/daemon.h"
#include "shared/ids.h"
#include "shared/restore.h"

#include "crawler/crawler.h"

#include "scratch.h"

struct site the_site;
struct conf conf;
struct store *store;
struct table *table;

int
crawler_child(void *arg)
{
	struct crawler *cr;
	sigset_t stop;
	struct err e;
	int fd, rc;

	(void)arg;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	log_init("crawler", LOG_ERR);
	daemon_signals(&stop);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	if ((fd = signalfd(-1, &stop, SFD_CLOEXEC)) < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return 2;
	if (crawler_new(&cr, &conf, &e) < 0) {
		fprintf(stderr, "%s\n", e.text);
		return 3;
	}
	rc = crawler_run(cr, fd);
	crawler_free(cr);
	return rc == 0 ? 0 : 4;
}

void
crawl_setup(site_f *f)
{
	struct err e;

	log_init("test", LOG_ERR);
	conf_defaults(&conf);
	FIELD_SET(conf.run_dir, scratch_dir());
	FIELD_SET(conf.state_dir, scratch_dir());
	FIELD_SET(conf.allow_private, "127.0.0.1");
	conf.parse_threads = 2;
	conf.connect_ms = 2000;
	conf.fetch_ms = 5000;
	conf.retries = 0;
	site_start(&the_site, f);
	ck_assert_msg(store_open(&store, conf.state_dir, 0, false, &e) == 0, "%s", e.text);
	ck_assert_msg(restore_table(&table, &conf, store, &e) == 0, "%s", e.text);
}

void
crawl_teardown(void)
{
	table_close(table);
	store_close(store);
	site_stop(&the_site);
}

void
stop(pid_t pid)
{
	ck_assert_int_eq(kill(pid, SIGTERM), 0);
	ck_assert_int_eq(child_wait(pid), 0);
}

/* Accept a crawl as the API does; more: further JSON members, each with a comma before. */
void
start(struct crawl_progress *p, unsigned port, const char *path, const char *more)
{
	struct crawl_params params;
	const char *field;
	char json[1024];
	struct err e;
	int rc;

	(void)snprintf(json, sizeof json, "{\"url\":\"http://127.0.0.1:%u%s\"%s}", port, path, more);
	ck_assert_msg(crawl_params_parse(&params, json, strlen(json), &field, &e) == 0, "%s: %s", json, e.text);
	memset(p, 0, sizeof *p);
	id_uuid(p->id);
	crawl_params_source(&params, p->source_id);
	p->seq = 1;
	p->started_wall_ms = p->updated_wall_ms = clock_wall_ms();
	FIELD_SET(p->url, params.url);
	FIELD_SET(p->current_url, params.url);
	ck_assert_int_eq(store_crawl_accept(store, &params, p), 0);
	rc = table_add(table, p);
	ck_assert_msg(rc >= 0 || rc == -EEXIST, "table_add: %d", rc);	/* a crawler that looked just now was quicker */
	table_signal(table, TABLE_CRAWLER);
}

void
look(struct crawl_progress *p)		/* the row now; it must not have fallen back */
{
	struct crawl_progress was = *p;

	ck_assert_int_eq(table_read_id(table, was.id, p), 0);
	ck_assert_uint_ge(p->seq, was.seq);
	ck_assert_uint_ge(p->percentage, was.percentage);
	ck_assert_uint_ge(p->total_pages, was.total_pages);
	ck_assert_uint_ge(p->processed_pages, was.processed_pages);
	ck_assert_uint_ge(p->total_pages, p->processed_pages);
	ck_assert_int_eq(p->percentage == 100, p->phase == CRAWL_COMPLETED);
	ck_assert_str_eq(p->url, was.url);
}

bool
until(struct crawl_progress *p, uint64_t processed)	/* so many done, or the end */
{
	int64_t end_ns = clock_mono_ns() + PATIENCE_MS * INT64_C(1000000);
	const struct timespec tick = { .tv_nsec = 500000 };

	for (;;) {
		look(p);
		if (crawl_phase_is_terminal((enum crawl_phase)p->phase) || p->processed_pages >= processed)
			return crawl_phase_is_terminal((enum crawl_phase)p->phase);
		ck_assert_msg(clock_mono_ns() < end_ns, "nothing more happens: %s, %s", crawl_phase_word((enum crawl_phase)p->phase),
		    p->log_count > 0 ? crawl_progress_line(p, p->log_count - 1) : "no log");
		(void)nanosleep(&tick, NULL);
	}
}

void
finish(struct crawl_progress *p)
{
	struct crawl_progress kept;

	while (!until(p, UINT64_MAX))
		continue;
	ck_assert_int_eq(store_crawl_get(store, p->id, &kept), 0);	/* row and store agree */
	ck_assert_uint_eq(kept.phase, p->phase);
	ck_assert_uint_eq(kept.processed_pages, p->processed_pages);
	ck_assert_uint_eq(kept.total_pages, p->total_pages);
	ck_assert_str_eq(kept.error_code, p->error_code);
}

static int
put_page(const char *url, void *arg)
{
	const char *path = strchr(url + 7, '/');

	text_printf(arg, "%s ", path);
	return 0;
}

char *
pages(const struct crawl_progress *p, struct text *t)	/* paths stored, in order */
{
	text_clear(t);
	ck_assert_int_eq(store_pages_each(store, p->source_id, put_page, t), 0);
	ck_assert_ptr_nonnull(text_str(t));
	return t->p;
}

bool
logged(const struct crawl_progress *p, const char *words)
{
	for (unsigned i = 0; i < p->log_count; i++)
		if (strstr(crawl_progress_line(p, i), words) != NULL)
			return true;
	return false;
}
