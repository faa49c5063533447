#include "config.h"

#include "shared/catalogue.h"

#include <check.h>
#include <errno.h>
#include <json-c/json.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "shared/changecount.h"
#include "shared/table_layout.h"	/* to play a writer that died */
#include "table_fixture.h"

struct made {
	unsigned n;			/* which page */
	size_t	 item_bytes;
	int	 rc;
};

static int
make(struct text *out, unsigned max_items, void *arg)
{
	const struct made *m = arg;

	if (m->rc < 0)
		return m->rc;
	text_printf(out, "{\"page\":%u,\"items\":[", m->n);
	for (unsigned i = 0; i < max_items; i++) {
		text_putc(out, i == 0 ? '"' : ',');
		if (i > 0)
			text_putc(out, '"');
		for (size_t k = 0; k < m->item_bytes; k++)
			text_putc(out, (char)('a' + m->n % 26));
		text_putc(out, '"');
	}
	text_puts(out, "]}");
	return 0;
}

static int
publish(struct table *t, unsigned n, const char *event)
{
	struct made m = { .n = n, .item_bytes = 30 };
	struct text ev = { 0 };
	int rc;

	if (event != NULL)
		text_puts(&ev, event);
	rc = catalogue_publish(t, make, &m, event != NULL ? &ev : NULL);
	text_fini(&ev);
	return rc;
}

static unsigned
page_shown(const struct table *t, uint64_t *version)
{
	struct text got = { 0 };
	unsigned n = 0;
	int rc = catalogue_page(t, &got, version);

	ck_assert_int_eq(rc, 0);
	ck_assert_int_eq(sscanf(text_str(&got), "{\"page\":%u", &n), 1);
	text_fini(&got);
	return n;
}

START_TEST(nothing_yet)
{
	struct table *t = attach(dir_with_table());
	struct text got = { 0 };
	uint64_t v = 5;

	ck_assert_int_eq(catalogue_page(t, &got, &v), -ENOENT);
	ck_assert_uint_eq(v, 5);
	ck_assert_int_eq(catalogue_event(t, catalogue_version(t), &got), -ENOENT);
	ck_assert_int_eq(catalogue_event(t, catalogue_version(t) + 1, &got), -EAGAIN);
	ck_assert_uint_eq(got.len, 0);
	text_fini(&got);
	table_close(t);
}
END_TEST

START_TEST(pages_and_events)
{
	struct table *t = attach(dir_with_table());
	uint64_t start = catalogue_version(t), v;
	int slot = table_join(t, TABLE_RELAY);
	struct text got = { 0 };
	char event[32];

	text_puts(&got, "before");
	for (unsigned n = 1; n <= 3 * CATALOGUE_EVENTS; n++) {
		(void)snprintf(event, sizeof event, "{\"n\":%u}", n);
		ck_assert_int_eq(publish(t, n, n % 3 != 0 ? event : NULL), 0);
		ck_assert_uint_eq(catalogue_version(t), start + n);
		ck_assert_uint_eq(page_shown(t, &v), n);
		ck_assert_uint_eq(v, start + n);
		ck_assert_uint_eq(table_take_news(t, (unsigned)slot), TABLE_NEWS_CATALOGUE);
	}
	for (unsigned n = 1; n <= 3 * CATALOGUE_EVENTS; n++) {
		bool there = n % 3 != 0 && n > 2 * CATALOGUE_EVENTS + 1;

		got.len = 6;
		ck_assert_int_eq(catalogue_event(t, start + n, &got), there ? 0 : -ENOENT);
		(void)snprintf(event, sizeof event, "before{\"n\":%u}", n);
		ck_assert_str_eq(text_str(&got), there ? event : "before");
	}
	text_fini(&got);
	table_close(t);
}
END_TEST

static const struct { size_t item_bytes; unsigned items; } sizes[] = {
	{ 0, 20 }, { 1000, 20 }, { 13000, 20 }, { 13200, 10 }, { 26300, 5 }, { 100000, 2 }, { 250000, 1 }, { 300000, 0 },
};

START_TEST(items_that_do_not_fit_are_left_out)
{
	struct table *t = attach(dir_with_table());
	struct made m = { .n = 7, .item_bytes = sizes[_i].item_bytes };
	struct text got = { 0 };
	struct json_object *o, *items;
	uint64_t v;

	ck_assert_int_eq(catalogue_publish(t, make, &m, NULL), 0);
	ck_assert_int_eq(catalogue_page(t, &got, &v), 0);
	ck_assert_ptr_nonnull(o = json_tokener_parse(text_str(&got)));
	ck_assert(json_object_object_get_ex(o, "items", &items));
	ck_assert_uint_eq(json_object_array_length(items), sizes[_i].items);
	json_object_put(o);
	text_fini(&got);
	table_close(t);
}
END_TEST

/* The store fails: the event is told, the page is the old one, the caller hears of it. */
START_TEST(page_cannot_be_made)
{
	struct table *t = attach(dir_with_table());
	struct made m = { .rc = -EIO };
	struct text ev = { 0 }, got = { 0 };
	uint64_t v, was;

	ck_assert_int_eq(publish(t, 1, NULL), 0);
	was = catalogue_version(t);
	text_puts(&ev, "{}");
	ck_assert_int_eq(catalogue_publish(t, make, &m, NULL), -EIO);
	ck_assert_uint_eq(catalogue_version(t), was);
	ck_assert_int_eq(catalogue_publish(t, make, &m, &ev), -EIO);
	ck_assert_uint_eq(page_shown(t, &v), 1);
	ck_assert_uint_eq(v, was + 1);
	ck_assert_int_eq(catalogue_event(t, v, &got), 0);
	ck_assert_str_eq(text_str(&got), "{}");
	for (unsigned i = 0; i < CATALOGUE_EVENT_BYTES; i++)
		text_putc(&ev, 'x');
	ck_assert_int_eq(catalogue_publish(t, make, &m, &ev), -EMSGSIZE);
	text_fini(&ev);
	text_fini(&got);
	table_close(t);
}
END_TEST

/* A writer dead in the middle of the hidden page or of its event: readers have the old one, the next goes on. */
START_TEST(writer_dead_in_the_middle)
{
	struct table *t = attach(dir_with_table());
	uint64_t v, was;
	struct text got = { 0 };

	ck_assert_int_eq(publish(t, 1, "{}"), 0);
	ck_assert_int_eq(publish(t, 2, "{}"), 0);
	was = catalogue_version(t);
	for (unsigned i = 0; i < 2; i++) {
		struct catalogue_page *page = (void *)(t->base + page_at(t->n_rows, i));

		if (i + 1 != atomic_load(&catalogue_head(t)->page))
			(void)change_open(&page->changecount);
	}
	(void)change_open(&((struct catalogue_event *)(void *)(t->base + event_at(t->n_rows, (was + 1) % CATALOGUE_EVENTS)))->changecount);
	ck_assert_uint_eq(page_shown(t, &v), 2);
	ck_assert_uint_eq(v, was);
	ck_assert_int_eq(publish(t, 3, "{\"n\":3}"), 0);
	ck_assert_uint_eq(page_shown(t, &v), 3);
	ck_assert_int_eq(catalogue_event(t, was + 1, &got), 0);
	ck_assert_str_eq(text_str(&got), "{\"n\":3}");
	text_fini(&got);
	table_close(t);
}
END_TEST

static int
publish_for_ever(void *arg)
{
	struct victim *v = arg;
	struct table *t;

	if (table_open(&t, v->dir, NULL) < 0)
		return 1;
	for (unsigned n = 0; n < UINT32_MAX; n++) {
		struct made m = { .n = n, .item_bytes = n % 700 };
		struct text ev = { 0 };
		int rc;

		text_printf(&ev, "%u", n);
		rc = catalogue_publish(t, make, &m, &ev);
		text_fini(&ev);
		if (rc < 0)
			return 2;
		atomic_store(&v->ready, 1);
	}
	return 0;
}

/* Readers beside two writers, which are killed now and then: every page is whole. */
START_TEST(writers_killed)
{
	const char *dir = dir_with_table();
	struct victim *v[2] = { victim_new(dir), victim_new(dir) };
	struct table *t = attach(dir);
	struct text got = { 0 };
	uint64_t newest = 0, version = 0;
	unsigned read = 0, strangers = 0;

	for (unsigned round = 0; round < 15; round++) {
		pid_t pid[2] = { child_start(publish_for_ever, v[0]), child_start(publish_for_ever, v[1]) };

		while (atomic_load(&v[0]->ready) == 0 || atomic_load(&v[1]->ready) == 0)
			(void)sched_yield();
		for (unsigned i = 0; i < 200; i++) {
			unsigned n;
			int rc;

			text_clear(&got);
			if ((rc = catalogue_page(t, &got, &version)) == -EAGAIN)
				continue;
			ck_assert_int_eq(rc, 0);
			ck_assert_uint_ge(version, newest);
			newest = version;
			read++;
			ck_assert_int_eq(sscanf(text_str(&got), "{\"page\":%u", &n), 1);
			ck_assert_str_eq(got.p + got.len - 2, "]}");
			for (const char *s = strchr(got.p, '['); *s != '\0'; s++)
				strangers += *s >= 'a' && *s <= 'z' && *s != (char)('a' + n % 26);
		}
		child_kill(pid[round % 2]);
		child_kill(pid[!(round % 2)]);
		atomic_store(&v[0]->ready, 0);
		atomic_store(&v[1]->ready, 0);
		ck_assert_int_eq(publish(t, round, NULL), 0);
		ck_assert_uint_eq(page_shown(t, &version), round);
		ck_assert_uint_gt(version, newest);
	}
	ck_assert_uint_eq(strangers, 0);
	ck_assert_uint_gt(read, 100);
	text_fini(&got);
	table_close(t);
}
END_TEST

/* -- texts ----------------------------------------------------------------------------- */

static struct json_object *
event_of(struct text *text, const char *type, struct json_object **data)	/* gives */
{
	struct json_object *o = json_tokener_parse(text_str(text)), *v;

	ck_assert_ptr_nonnull(o);
	ck_assert(json_object_object_get_ex(o, "type", &v));
	ck_assert_str_eq(json_object_get_string(v), type);
	ck_assert(json_object_object_get_ex(o, "data", data));
	ck_assert_uint_le(text->len, CATALOGUE_EVENT_BYTES);
	return o;
}

static const char *
member(struct json_object *data, const char *key)
{
	struct json_object *v;

	ck_assert_msg(json_object_object_get_ex(data, key, &v), "no %s", key);
	return json_object_get_string(v);
}

static const struct { unsigned phase; const char *error, *success, *message; } ends[] = {
	{ CRAWL_COMPLETED, "", "true", "42 pages stored" },
	{ CRAWL_CANCELLED, "", "false", "Crawl cancelled" },
	{ CRAWL_ERROR, "no such host", "false", "no such host" },
};

START_TEST(crawl_events)
{
	struct crawl_progress p = *progress("pid", 1);
	struct json_object *o, *data;
	struct text text = { 0 };

	p.phase = ends[_i].phase;
	p.processed_pages = 42;
	FIELD_SET(p.error, ends[_i].error);
	FIELD_SET(p.source_id, "0123456789abcdef");
	catalogue_event_crawl(&text, &p);
	o = event_of(&text, "crawl_completed", &data);
	ck_assert_str_eq(member(data, "url"), p.url);
	ck_assert_str_eq(member(data, "success"), ends[_i].success);
	ck_assert_str_eq(member(data, "message"), ends[_i].message);
	ck_assert_str_eq(member(data, "progressId"), "pid");
	ck_assert_str_eq(member(data, "sourceId"), "0123456789abcdef");
	json_object_put(o);
	memset(p.url, '\1', sizeof p.url - 1);		/* grows sixfold in JSON */
	memset(p.error, '\377', sizeof p.error - 1);
	text_clear(&text);
	catalogue_event_crawl(&text, &p);
	json_object_put(event_of(&text, "crawl_completed", &data));
	text_fini(&text);
}
END_TEST

START_TEST(other_events)
{
	struct json_object *o, *data;
	struct text text = { 0 };
	char name[5000];

	catalogue_event_deleted(&text, "s1");
	o = event_of(&text, "knowledge_item_deleted", &data);
	ck_assert_str_eq(member(data, "sourceId"), "s1");
	json_object_put(o);
	text_clear(&text);
	catalogue_event_uploaded(&text, "a \"b\".pdf", true, "Document uploaded");
	o = event_of(&text, "document_uploaded", &data);
	ck_assert_str_eq(member(data, "filename"), "a \"b\".pdf");
	ck_assert_str_eq(member(data, "success"), "true");
	json_object_put(o);
	memset(name, '"', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	text_clear(&text);
	catalogue_event_uploaded(&text, name, false, name);
	json_object_put(event_of(&text, "document_uploaded", &data));
	text_fini(&text);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("catalogue");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, nothing_yet);
	tcase_add_test(tc, pages_and_events);
	tcase_add_loop_test(tc, items_that_do_not_fit_are_left_out, 0, sizeof sizes / sizeof sizes[0]);
	tcase_add_test(tc, page_cannot_be_made);
	tcase_add_test(tc, writer_dead_in_the_middle);
	tcase_add_test(tc, writers_killed);
	tcase_add_loop_test(tc, crawl_events, 0, sizeof ends / sizeof ends[0]);
	tcase_add_test(tc, other_events);
	suite_add_tcase(s, tc);
	return scratch_run(s);
}
