/* What search finds, and in which order. */
#include "config.h"

#include "shared/store.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "shared/store_rank.h"
#include "shared/text.h"

#include "search_fixture.h"

/* -- names of things --------------------------------------------------------------------- */

static const struct { const char *query, *want; } rows[] = {
	{ "proxy_read_timeout", "whole parts" },	/* the name itself, then what has its words */
	{ "PROXY_READ_TIMEOUT", "whole parts" },
	{ "proxy read timeout", "whole parts" },
	{ "asyncio.TaskGroup", "group" },
	{ "TaskGroup", "group" },
	{ "task groups", "group" },		/* by its capitals, and by the stem */
	{ "std::vector", "vector" },
	{ "--enable-foo", "flags" },
	{ "enable foo", "flags" },
	{ "-Wall", "flags wall" },		/* the flag before the word */
	{ "__init__", "dunder init" },
	{ "what has the vector", "vector" },
	{ "the of", "" },
	{ "is", "verb" },
	{ "hidden.example", "" },		/* where a link leads is no text */
	{ "clicked", "link" },
	{ "\u00c4pfel", "umlaut" },
	{ "apfel", "umlaut" },
};

static void
put_names(struct store *st)
{
	begin_source(st, "s");
	PUT(st, "whole", "One", "Set proxy_read_timeout here.");
	PUT(st, "parts", "Two", "A timeout: the proxy cannot read.");
	PUT(st, "group", "Three", "Use `asyncio.TaskGroup()` for that.");
	PUT(st, "vector", "Four", "A std::vector grows.");
	PUT(st, "flags", "Five", "Build with --enable-foo and -Wall.");
	PUT(st, "wall", "Six", "Build a wall.");
	PUT(st, "dunder", "Seven", "Write `__init__` first.");
	PUT(st, "init", "Eight", "The init program.");
	PUT(st, "link", "Nine", "It can be [clicked](http://hidden.example/page).");
	PUT(st, "umlaut", "Ten", "\u00c4pfel.");
	PUT(st, "verb", "Eleven", "IS NULL");
}

START_TEST(names)
{
	struct store *st = store_new();

	put_names(st);
	ck_assert_msg(strcmp(found(st, (struct search){ .query = rows[_i].query }, NULL), rows[_i].want) == 0, "%s: %s, not %s",
	    rows[_i].query, found(st, (struct search){ .query = rows[_i].query }, NULL), rows[_i].want);
	store_sound(st);
	store_close(st);
}
END_TEST

START_TEST(any_text_is_a_question)
{
	static const char *const bits[] = {
		"\"", "*", "(", ")", "{", "}", ":", "^", "+", "-", "AND", "OR", "NOT", "NEAR(", "title :", "a", "\\", "'", ";", "\n",
		"\xff", "\xe2\x80", "\u2014", "\u00a0", "_", "x_", "__", "facets:", "\x01", "\u65e5\u672c", ",", "3.", "--",
	};
	const unsigned n_bits = sizeof bits / sizeof bits[0];
	struct store *st = store_new();
	unsigned long state = 12345;

	put_names(st);
	for (unsigned i = 0; i < 3000; i++) {
		struct text q = { 0 };

		for (unsigned k = 0; k < 1 + i % 9; k++) {
			state = state * 6364136223846793005u + 1442695040888963407u;
			text_puts(&q, bits[(state >> 33) % n_bits]);
			if (state >> 60 & 1)
				text_putc(&q, ' ');
		}
		(void)found(st, (struct search){ .query = text_str(&q), .as_you_type = i & 1 }, NULL);
		(void)found(st, (struct search){ .query = "a", .tags = text_str(&q), .source_id = text_str(&q),
		    .language = text_str(&q) }, NULL);
		text_fini(&q);
	}
	store_close(st);
}
END_TEST

START_TEST(the_last_word_may_go_on)
{
	struct store *st = store_new();
	struct got got;

	put_names(st);
	ck_assert_str_eq(found(st, (struct search){ .query = "vec" }, NULL), "");
	ck_assert_str_eq(found(st, (struct search){ .query = "vec", .as_you_type = true }, &got), "vector");
	ck_assert_str_eq(got.snippet, "A std::\1vector\2 grows.");
	ck_assert_str_eq(found(st, (struct search){ .query = "vec ", .as_you_type = true }, NULL), "");	/* it has ended */
	ck_assert_str_eq(found(st, (struct search){ .query = "vec grow", .as_you_type = true }, NULL), "vector");
	store_close(st);
}
END_TEST

/* -- pages ---------------------------------------------------------------------------------- */

START_TEST(a_page_is_found_once)
{
	const struct chunk c[] = {
		{ .headings = SLICE_LIT("T > A"), .body = SLICE_LIT("Nothing here.") },
		{ .headings = SLICE_LIT("T > B"), .body = SLICE_LIT("A *zebra* & a [zebra](http://x.test/y) <b>.") },
		{ .headings = SLICE_LIT("T > C"), .body = SLICE_LIT("The last zebra.") },
	};
	struct store *st = store_new();
	struct got got;

	begin_source(st, "s");
	put(st, "s", "three", "T", "en", c, 3);
	PUT(st, "one", "Other", "zebra");
	ck_assert_str_eq(found(st, (struct search){ .query = "zebra", .neighbours = 1 }, &got), "three one");
	ck_assert_str_eq(got.snippet, "A \1zebra\2 & a \1zebra\2 <b>.");
	ck_assert_str_eq(got.before, "Nothing here.");
	ck_assert_str_eq(got.after, "The last zebra.");
	ck_assert_str_eq(found(st, (struct search){ .query = "zebra" }, &got), "three one");
	ck_assert_str_eq(got.before, "");
	store_close(st);
}
END_TEST

START_TEST(pages_are_found_by_what_others_call_them)
{
	struct store *st = store_new();
	struct got got;

	begin_source(st, "s");
	PUT(st, "gnu", "Antelope", "It grazes.");
	PUT(st, "a", "First", "See [the wildebeest](http://h.test/gnu#x), [next](http://h.test/b).");
	PUT(st, "b", "Second", "See [`wildebeest`](http://h.test/gnu).");
	ck_assert_str_eq(found(st, (struct search){ .query = "wildebeest", .limit = 2 }, NULL), "a b");
	ck_assert_int_eq(store_gather_names(st, "s"), 0);
	store_sound(st);
	ck_assert_str_eq(found(st, (struct search){ .query = "wildebeest grazing", .limit = 1 }, &got), "gnu");
	ck_assert_str_eq(got.snippet, "It \1grazes\2.");
	ck_assert_str_eq(found(st, (struct search){ .query = "wildebeest", .source_id = "other" }, NULL), "");
	ck_assert_int_eq(store_gather_names(st, "s"), 0);	/* nothing new */
	store_sound(st);
	PUT(st, "a", "First", "No more.");			/* replaced: it leads nowhere now */
	PUT(st, "b", "Second", "No more.");
	ck_assert_int_eq(store_gather_names(st, "s"), 0);
	store_sound(st);
	ck_assert_str_eq(found(st, (struct search){ .query = "wildebeest" }, NULL), "");
	store_close(st);
}
END_TEST

START_TEST(pages_are_found_by_what_they_say_first)
{
	struct store *st = store_new();

	begin_source(st, "s");
	PUT(st, "a", "Gnu", "Animals.\n\n## NAME\n\ngnu - [grazing](http://h.test/okapi) wildebeest, seen from afar.");
	PUT(st, "b", "Other", "Animals.\n\n## NAME\n\nSeen from afar: grazing.  A wildebeest.  A wildebeest.");
	ck_assert_str_eq(found(st, (struct search){ .query = "wildebeest" }, NULL), "b a");
	PUT(st, "b", "Other", "Animals.\n\n## NAME\n\n- Seen from afar: grazing.  A wildebeest.  A wildebeest.");	/* in a list */
	ck_assert_int_eq(store_gather_names(st, "s"), 0);
	store_sound(st);
	ck_assert_str_eq(found(st, (struct search){ .query = "wildebeest" }, NULL), "a b");
	store_close(st);
}
END_TEST

START_TEST(words_of_like_meaning_stand_in)
{
	struct store *st = store_new();
	struct got got;

	begin_source(st, "s");
	PUT(st, "asked", "Zebras", "How to erase them.");
	PUT(st, "alike", "Okapis", "Zebras: how one removes them.");
	PUT(st, "other", "Gnus", "Zebras: how one feeds them.");
	PUT(st, "shout", "Code", "DELETE FROM okapis");
	ck_assert_str_eq(found(st, (struct search){ .query = "delete zebras" }, &got), "asked alike shout other");
	ck_assert_str_eq(got.snippet, "How to \1erase\2 them.");
	ck_assert_str_eq(found(st, (struct search){ .query = "erase" }, NULL), "asked");	/* alone none finds in texts */
	ck_assert_str_eq(found(st, (struct search){ .query = "REMOVE" }, NULL), "alike");
	store_close(st);
}
END_TEST

struct worth {
	const char *name;		/* of a page */
	double	    score;
};

static int
on_worth(const struct search_hit *h, void *arg)
{
	struct worth *w = arg;

	if (strcmp(strrchr(h->url, '/') + 1, w->name) == 0)
		w->score = h->score;
	return 0;
}

/* How much more a page counts for what it has of the words: its scores, before they are brought below 1. */
static double
raised(struct store *st, const char *query, const char *name)
{
	struct worth with = { .name = name }, without = with;
	struct search s = { .query = query, .limit = 10 };

	ck_assert_int_ge(store_search(st, &s, on_worth, &with), 1);
	store_rank_without(st, 1u << RANK_COVER);
	ck_assert_int_ge(store_search(st, &s, on_worth, &without), 1);
	store_rank_without(st, 0);
	ck_assert_msg(with.score > 0 && without.score > 0, "%s: not found", name);
	return with.score / (1 - with.score) / (without.score / (1 - without.score));
}

START_TEST(a_page_that_has_more_of_the_words_counts_more)
{
	static const struct chunk both[] = {
		{ .headings = SLICE_LIT("T > A"), .body = SLICE_LIT("Animals that live here and there are seen: zebras are some of them.") },
		{ .headings = SLICE_LIT("T > B"), .body = SLICE_LIT("What is found here and there one may delete, all of it, or some of it.") },
	};
	static const struct search s = { .query = "delete zebras" };
	struct store *st = store_new();
	double all;

	begin_source(st, "s");
	PUT(st, "one", "T", "Zebras, zebras, zebras.");
	PUT(st, "gnu", "T", "It grazes.");
	PUT(st, "okapi", "T", "It grazes, too.");
	put(st, "s", "both", "T", "en", both, 2);
	ck_assert_str_eq(found(st, s, NULL), "both one");	/* wherever on a page they are */
	store_rank_without(st, 1u << RANK_COVER);
	ck_assert_str_eq(found(st, s, NULL), "one both");
	store_rank_without(st, 0);
	all = raised(st, s.query, "both");
	ck_assert_double_gt(raised(st, s.query, "one"), 1.01);
	ck_assert_double_gt(all, raised(st, s.query, "one") + 0.01);

	PUT(st, "alike", "T", "Zebras: how one removes them.");		/* what stands in for a word is as good */
	PUT(st, "named", "T", "Animals that live here and there are seen: zebras are some of them.");
	PUT(st, "gnu", "T", "See how to [delete](http://h.test/named).");	/* and so is what others call a page */
	ck_assert_int_eq(store_gather_names(st, "s"), 0);
	ck_assert_double_eq_tol(raised(st, s.query, "both"), all, 0.001);
	ck_assert_double_eq_tol(raised(st, s.query, "alike"), all, 0.001);
	ck_assert_double_eq_tol(raised(st, s.query, "named"), all, 0.001);
	ck_assert_double_lt(raised(st, s.query, "one"), all - 0.01);
	store_close(st);
}
END_TEST

START_TEST(a_long_page_counts_less)
{
	const struct chunk c = { .headings = SLICE_LIT("T"), .body = SLICE_LIT("A zebra.") };
	static const struct { const char *url; int64_t n_words; } pages[] = {
		{ "http://h.test/book", INT64_C(1) << 40 }, { "http://h.test/long", 50000 }, { "http://h.test/short", 500 },
	};
	struct store *st = store_new();

	begin_source(st, "s");
	for (unsigned i = 0; i < sizeof pages / sizeof pages[0]; i++)
		ck_assert_int_eq(store_page_put(st, "s", &(struct page){ .url = pages[i].url, .title = "T", .content_hash = pages[i].url,
		    .fetched_ms = 1, .n_words = pages[i].n_words, .chunks = &c, .n_chunks = 1 }), 0);
	ck_assert_str_eq(found(st, (struct search){ .query = "zebra" }, NULL), "short long book");
	store_close(st);
}
END_TEST

START_TEST(what_fits_as_well_stands_in_the_order_it_came)	/* of more chunks than are looked at further */
{
	enum { EQUALS = 450, SHOWN = 50 };
	struct store *st = store_new();
	struct text want = { 0 };
	char name[16];

	begin_source(st, "s");
	for (unsigned i = 0; i < EQUALS; i++) {
		(void)snprintf(name, sizeof name, "p%u", i);
		if (i % 3 != 2) {		/* worse: what is kept is no longer in its order */
			PUT(st, name, "T", "A zebra.");
			continue;
		}
		PUT(st, name, "T", "A zebra, a zebra.");
		if (i / 3 < SHOWN)
			text_printf(&want, "%s%s", i > 2 ? " " : "", name);
	}
	for (unsigned i = 0; i < 3; i++)
		ck_assert_str_eq(found(st, (struct search){ .query = "zebra", .limit = SHOWN }, NULL), text_str(&want));
	text_fini(&want);
	store_close(st);
}
END_TEST

START_TEST(the_first_are_the_same_however_few_are_asked_for)
{
	enum { OTHERS = 12 };
	struct store *st = store_new();
	char name[16];

	begin_source(st, "s");
	for (unsigned i = 0; i < OTHERS; i++) {
		(void)snprintf(name, sizeof name, "p%u", i);
		PUT(st, name, "T", "Animals.  Zebra, zebra, zebra, zebra, zebra, zebra.  [All](http://h.test/led)");
	}
	PUT(st, "led", "T", "Animals.  Zebra, zebra, zebra, zebra, zebra.");	/* fits less, but all lead to it */
	ck_assert_int_eq(strncmp(found(st, (struct search){ .query = "zebra", .limit = 50 }, NULL), "p0 p1 ", 6), 0);
	ck_assert_int_eq(store_gather_names(st, "s"), 0);
	ck_assert_int_eq(strncmp(found(st, (struct search){ .query = "zebra", .limit = 50 }, NULL), "led p0 ", 7), 0);
	ck_assert_str_eq(found(st, (struct search){ .query = "zebra", .limit = 2 }, NULL), "led p0");
	ck_assert_str_eq(found(st, (struct search){ .query = "zebra", .limit = 1 }, NULL), "led");
	store_close(st);
}
END_TEST

START_TEST(names_that_were_never_gathered)
{
	struct store *st = store_new();

	begin_source(st, "s");
	PUT(st, "gnu", "Antelope", "It grazes.");
	PUT(st, "a", "First", "See [wildebeest](http://h.test/gnu).");
	ck_assert_int_eq(store_gather_left(st), 0);		/* the crawl goes on: at its end it does so itself */
	ck_assert_int_eq(store_source_end(st, "s", "active", 1), 0);
	ck_assert_int_eq(store_gather_left(st), 1);
	store_sound(st);
	ck_assert_str_eq(found(st, (struct search){ .query = "wildebeest grazing", .limit = 1 }, NULL), "gnu");
	ck_assert_ptr_nonnull(strstr(found(st, (struct search){ .query = "wildebeest" }, NULL), "gnu"));
	ck_assert_int_eq(store_gather_left(st), 0);
	store_close(st);
}
END_TEST

START_TEST(a_text_that_leads_everywhere_names_nothing)	/* _i pages it leads to */
{
	struct store *st = store_new();
	struct text t = { 0 };
	char name[16];
	struct chunk c = { .headings = SLICE_LIT("L") };
	struct got got = { .last = 1 };

	begin_source(st, "s");
	for (int i = 0; i < _i; i++) {
		(void)snprintf(name, sizeof name, "p%d", i);
		text_printf(&t, "[quagga](http://h.test/%s) ", name);
		put(st, "s", name, name, "en", &(struct chunk){ .headings = SLICE_LIT("H"), .body = SLICE_LIT("x") }, 1);
	}
	c.body = (struct slice){ t.p, t.len };
	put(st, "s", "list", "List", "en", &c, 1);
	ck_assert_int_eq(store_gather_names(st, "s"), 0);
	ck_assert_int_eq(store_search(st, &(struct search){ .query = "quagga", .limit = 50 }, on_hit, &got), _i <= 8 ? _i + 1 : 1);
	text_fini(&got.urls);
	text_fini(&t);
	store_close(st);
}
END_TEST

START_TEST(titles_without_what_all_have)
{
	struct store *st = store_new();

	begin_source(st, "s");
	PUT(st, "a", "Apples - The Great Manual", "x");
	PUT(st, "b", "Pears - The Great Manual", "x");
	PUT(st, "c", "8.4. Plums - The Great Manual", "x");
	PUT(st, "d", "Nuts - Brazil", "the great manual");
	PUT(st, "e", "Figs - The Great Manual", "x");		/* three of its kind were before it */
	ck_assert_str_eq(found(st, (struct search){ .query = "figs" }, NULL), "e");
	ck_assert_ptr_null(strpbrk(found(st, (struct search){ .query = "manual" }, NULL), "ce"));
	ck_assert_str_eq(found(st, (struct search){ .query = "brazil" }, NULL), "d");
	store_close(st);
}
END_TEST

START_TEST(tidied)
{
	struct store *st = store_new();
	char name[16];
	unsigned steps = 0;
	int rc;

	begin_source(st, "s");
	for (unsigned i = 0; i < 40; i++) {		/* each on its own: a piece of the index each */
		(void)snprintf(name, sizeof name, "p%u", i);
		put(st, "s", name, name, "en", &(struct chunk){ .headings = SLICE_LIT("H"), .body = SLICE_LIT("zebra") }, 1);
	}
	while ((rc = store_index_tidy(st)) == 1)
		ck_assert_uint_lt(++steps, 100);
	ck_assert_int_eq(rc, 0);
	ck_assert_uint_gt(steps, 0);
	store_sound(st);
	ck_assert_int_eq(hits(st, "zebra"), 40);
	store_close(st);
}
END_TEST

/* -- filters ----------------------------------------------------------------------------------- */

static void
put_sources(struct store *st)
{
	struct crawl_params p = *params_of("http://h.test/2/");
	const struct chunk c = { .headings = SLICE_LIT("H"), .body = SLICE_LIT("zebra") };

	begin_source(st, "s");
	FIELD_SET(p.knowledge_type, "business");
	p.tags.n = 2;
	FIELD_SET(p.tags.item[0], "law");
	FIELD_SET(p.tags.item[1], "tax");
	ck_assert_int_eq(store_source_begin(st, "t", &p, 1), 0);
	put(st, "s", "english", "E", "en-GB", &c, 1);
	put(st, "s", "german", "G", "de", &c, 1);
	put(st, "t", "french", "F", "fr", &c, 1);
	put(st, "t", "names", "N", "fr", &(struct chunk){ .headings = SLICE_LIT("N"), .body = SLICE_LIT("[okapi](http://h.test/named)") }, 1);
	put(st, "t", "named", "N", "nl_BE", &(struct chunk){ .headings = SLICE_LIT("N"), .body = SLICE_LIT("x") }, 1);	/* by that alone */
	ck_assert_int_eq(store_gather_names(st, "t"), 0);
}

static const struct { struct search s; const char *want; } filters[] = {
	{ { .query = "zebra" }, "english german french" },
	{ { .query = "zebra", .source_id = "t" }, "french" },
	{ { .query = "zebra", .source_id = "none" }, "" },
	{ { .query = "zebra", .sources = "t,none" }, "french" },
	{ { .query = "zebra", .sources = "s,t" }, "english german french" },
	{ { .query = "zebra", .knowledge_type = "technical" }, "english german" },
	{ { .query = "zebra", .knowledge_type = "business", .tags = "x,tax" }, "french" },
	{ { .query = "zebra", .tags = "ta" }, "" },
	{ { .query = "zebra", .language = "en" }, "english" },
	{ { .query = "zebra", .language = "de", .source_id = "t" }, "" },
	{ { .query = "okapi" }, "names named" },
	{ { .query = "okapi", .source_id = "t", .sources = "t", .knowledge_type = "business", .tags = "tax" }, "names named" },
	{ { .query = "okapi", .source_id = "s" }, "" },
	{ { .query = "okapi", .sources = "s" }, "" },
	{ { .query = "okapi", .knowledge_type = "technical" }, "" },
	{ { .query = "okapi", .language = "fr" }, "names" },
	{ { .query = "okapi", .language = "nl" }, "named" },
	{ { .query = "okapi", .language = "NL" }, "named" },
	{ { .query = "okapi", .language = "n" }, "" },
	{ { .query = "okapi", .language = "%" }, "" },
	{ { .query = "zebra", .language = "EN-gb" }, "english" },
	{ { .query = "zebra", .language = "en-US" }, "" },
};

START_TEST(filtered)
{
	struct store *st = store_new();

	put_sources(st);
	ck_assert_str_eq(found(st, filters[_i].s, NULL), filters[_i].want);
	ck_assert_int_eq(store_source_delete(st, "t", 2), 0);
	ck_assert_str_eq(found(st, (struct search){ .query = "okapi" }, NULL), "");
	store_close(st);
}
END_TEST

START_TEST(code)
{
	const struct code_example x[] = {
		{ .language = SLICE_LIT("c"), .code = SLICE_LIT("int zebra_count(void);"), .heading = SLICE_LIT("Counting") },
		{ .language = SLICE_LIT("python"), .code = SLICE_LIT("zebra.count()"), .before = SLICE_LIT("How to count:") },
		{ .language = SLICE_LIT("C++"), .code = SLICE_LIT("std::zebra z;") },
		{ .language = SLICE_LIT("c#"), .code = SLICE_LIT("Zebra z;") },
		{ .language = SLICE_LIT("objective-c"), .code = SLICE_LIT("@zebra") },
	};
	static const char *const languages[] = { "c", "C", "c++", "C#", "objective-c", "python" };
	struct store *st = store_new();
	struct got g = { .last = 1 };

	put_sources(st);
	ck_assert_int_eq(store_page_put(st, "s", &(struct page){ .url = "http://h.test/code", .title = "Code",
	    .content_hash = "c", .fetched_ms = 1, .examples = x, .n_examples = 5 }), 0);
	ck_assert_int_eq(store_search_code(st, &(struct search){ .query = "count zebras", .limit = 9 }, on_code, &g), 5);
	g.last = 1;
	ck_assert_int_eq(store_search_code(st, &(struct search){ .query = "zebra_count", .limit = 1 }, on_code, &g), 1);
	g.last = 1;
	for (unsigned i = 0; i < sizeof languages / sizeof languages[0]; i++) {
		g.last = 1;
		ck_assert_msg(store_search_code(st, &(struct search){ .query = "zebra", .language = languages[i], .limit = 9 },
		    on_code, &g) == 1, "%s", languages[i]);
	}
	g.last = 1;
	ck_assert_int_eq(store_search_code(st, &(struct search){ .query = "zebra", .source_id = "t", .limit = 9 }, on_code, &g), 0);
	ck_assert_int_eq(store_search_code(st, &(struct search){ .query = "\" (", .limit = 9 }, on_code, &g), 0);
	text_fini(&g.urls);
	store_sound(st);
	store_close(st);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("search");
	TCase *tc = tcase_create("all");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, names, 0, (int)(sizeof rows / sizeof rows[0]));
	tcase_add_test(tc, any_text_is_a_question);
	tcase_add_test(tc, the_last_word_may_go_on);
	tcase_add_test(tc, a_page_is_found_once);
	tcase_add_test(tc, pages_are_found_by_what_others_call_them);
	tcase_add_test(tc, pages_are_found_by_what_they_say_first);
	tcase_add_test(tc, words_of_like_meaning_stand_in);
	tcase_add_test(tc, a_page_that_has_more_of_the_words_counts_more);
	tcase_add_test(tc, a_long_page_counts_less);
	tcase_add_test(tc, what_fits_as_well_stands_in_the_order_it_came);
	tcase_add_test(tc, the_first_are_the_same_however_few_are_asked_for);
	tcase_add_loop_test(tc, a_text_that_leads_everywhere_names_nothing, 8, 10);
	tcase_add_test(tc, titles_without_what_all_have);
	tcase_add_loop_test(tc, filtered, 0, (int)(sizeof filters / sizeof filters[0]));
	tcase_add_test(tc, names_that_were_never_gathered);
	tcase_add_test(tc, tidied);
	tcase_add_test(tc, code);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
