/* Vectors, their fusion with what words find, their place in the store, and what an endpoint answers. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "shared/fuse.h"
#include "shared/store.h"

#include "crawler/embed_reply.h"
#include "store_fixture.h"

/* -- replies ------------------------------------------------------------------------- */

static const struct {
	const char *name, *json;
	unsigned n;
	int rc;
	unsigned dims;
} replies[] = {
	{ "one", "{\"data\":[{\"embedding\":[1,0.5]}]}", 1, 0, 2 },
	{ "as OpenAI says it", "{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,\"embedding\":[1e-3,-2]}],"
	    "\"model\":\"m\",\"usage\":{\"prompt_tokens\":1}}\n", 1, 0, 2 },
	{ "two, the second first", "{\"data\":[{\"index\":1,\"embedding\":[0,1]},{\"index\":0,\"embedding\":[1,0]}]}", 2, 0, 2 },
	{ "one dimension", "{\"data\":[{\"embedding\":[-3]}]}", 1, 0, 1 },
	{ "nothing", "", 1, -EBADMSG, 0 },
	{ "cut", "{\"data\":[{\"embedding\":[1,0.5]}]", 1, -EBADMSG, 0 },
	{ "more behind", "{\"data\":[{\"embedding\":[1,0.5]}]}{", 1, -EBADMSG, 0 },
	{ "a number", "12", 1, -EBADMSG, 0 },
	{ "null", "null", 1, -EBADMSG, 0 },
	{ "a list", "[[1,2]]", 1, -EBADMSG, 0 },
	{ "HTML", "<html>", 1, -EBADMSG, 0 },
	{ "no data", "{\"embeddings\":[[1,2]]}", 1, -EBADMSG, 0 },
	{ "data of another kind", "{\"data\":\"none\"}", 1, -EBADMSG, 0 },
	{ "data of null", "{\"data\":[null]}", 1, -EBADMSG, 0 },
	{ "too few", "{\"data\":[{\"embedding\":[1]}]}", 2, -EBADMSG, 0 },
	{ "too many", "{\"data\":[{\"embedding\":[1]},{\"embedding\":[1]}]}", 1, -EBADMSG, 0 },
	{ "one twice", "{\"data\":[{\"index\":0,\"embedding\":[1]},{\"index\":0,\"embedding\":[1]}]}", 2, -EBADMSG, 0 },
	{ "an index outside", "{\"data\":[{\"index\":1,\"embedding\":[1]}]}", 1, -EBADMSG, 0 },
	{ "an index below", "{\"data\":[{\"index\":-1,\"embedding\":[1]}]}", 1, -EBADMSG, 0 },
	{ "a large index", "{\"data\":[{\"index\":4294967296,\"embedding\":[1]}]}", 1, -EBADMSG, 0 },
	{ "an index that is no number", "{\"data\":[{\"index\":\"0\",\"embedding\":[1]}]}", 1, -EBADMSG, 0 },
	{ "unlike lengths", "{\"data\":[{\"embedding\":[1]},{\"embedding\":[1,2]}]}", 2, -EBADMSG, 0 },
	{ "no numbers", "{\"data\":[{\"embedding\":[]}]}", 1, -EBADMSG, 0 },
	{ "base64", "{\"data\":[{\"embedding\":\"AACAPw==\"}]}", 1, -EBADMSG, 0 },
	{ "null among them", "{\"data\":[{\"embedding\":[1,null]}]}", 1, -EBADMSG, 0 },
	{ "all zero", "{\"data\":[{\"embedding\":[0,0.0]}]}", 1, -EBADMSG, 0 },
	{ "too large to be one", "{\"data\":[{\"embedding\":[1e999,1]}]}", 1, -EBADMSG, 0 },
	{ "NaN", "{\"data\":[{\"embedding\":[NaN,1]}]}", 1, -EBADMSG, 0 },
	{ "deep", "{\"data\":[{\"embedding\":[[[[[[[[[[1]]]]]]]]]]}]}", 1, -EBADMSG, 0 },
};

static int
reply_read(const char *json, size_t len, struct vector *out, unsigned n)	/* from memory of its own, for ASan */
{
	char *copy = malloc(len > 0 ? len : 1);
	struct err e = { "" };
	int rc;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, json, len);
	rc = embed_reply_read(copy, len, out, n, &e);
	ck_assert_msg(rc == 0 || e.text[0] != '\0', "%s: no reason", json);
	free(copy);
	return rc;
}

START_TEST(reply)
{
	struct vector v[2];
	size_t len = strlen(replies[_i].json);
	int rc = reply_read(replies[_i].json, len, v, replies[_i].n);

	ck_assert_msg(rc == replies[_i].rc, "%s: %d", replies[_i].name, rc);
	if (rc == 0)
		ck_assert_msg(v[0].len == VECTOR_HEAD_BYTES + replies[_i].dims, "%s: %zu bytes", replies[_i].name, v[0].len);
	while (len-- > 0)
		(void)reply_read(replies[_i].json, len, v, replies[_i].n);
}
END_TEST

START_TEST(replies_are_in_the_order_of_the_texts)
{
	static const char json[] = "{\"data\":[{\"index\":1,\"embedding\":[0,1]},{\"index\":0,\"embedding\":[1,0]}]}";
	struct vector v[2];

	ck_assert_int_eq(reply_read(json, strlen(json), v, 2), 0);
	ck_assert_int_eq((signed char)v[0].p[VECTOR_HEAD_BYTES], 127);
	ck_assert_int_eq((signed char)v[1].p[VECTOR_HEAD_BYTES], 0);
}
END_TEST

START_TEST(a_reply_with_too_many_dimensions)
{
	struct text t = { 0 };
	struct vector v;

	for (int more = 0; more < 2; more++) {
		text_clear(&t);
		text_puts(&t, "{\"data\":[{\"embedding\":[1");
		for (int i = 1; i < VECTOR_DIMS_MAX + more; i++)
			text_puts(&t, ",1");
		text_puts(&t, "]}]}");
		ck_assert_int_eq(reply_read(t.p, t.len, &v, 1), more ? -EBADMSG : 0);
	}
	text_fini(&t);
}
END_TEST

/* -- vectors -------------------------------------------------------------------------- */

START_TEST(cosines_are_nearly_exact)
{
	double a[384], b[384], ab = 0, aa = 0, bb = 0;
	struct vector va, vb;
	unsigned state = 7;

	for (unsigned dims = 1; dims <= 384; dims += dims < 40 ? 1 : 43) {
		ab = aa = bb = 0;
		for (unsigned i = 0; i < dims; i++) {
			a[i] = (double)(state = state * 1103515245 + 12345) / 4294967296.0 - 0.5;
			b[i] = a[i] * 0.5 + (double)(state = state * 1103515245 + 12345) / 4294967296.0 - 0.5;
			ab += a[i] * b[i];
			aa += a[i] * a[i];
			bb += b[i] * b[i];
		}
		ck_assert(vector_pack(&va, a, dims) && vector_pack(&vb, b, dims));
		ck_assert_uint_eq(va.len, VECTOR_HEAD_BYTES + dims);
		ck_assert_msg(fabs(vector_cosine(va.p, vb.p, va.len) - ab / sqrt(aa * bb)) < 0.01, "%u dimensions", dims);
		ck_assert_double_eq_tol(vector_cosine(va.p, va.p, va.len), 1, 1e-9);
	}
}
END_TEST

START_TEST(the_largest_vector_does_not_overflow)
{
	static double x[VECTOR_DIMS_MAX];
	struct vector v, w;

	for (unsigned i = 0; i < VECTOR_DIMS_MAX; i++)
		x[i] = 1e300;
	ck_assert(vector_pack(&v, x, VECTOR_DIMS_MAX));
	for (unsigned i = 0; i < VECTOR_DIMS_MAX; i++)
		x[i] = -1e300;
	ck_assert(vector_pack(&w, x, VECTOR_DIMS_MAX));
	ck_assert_double_eq_tol(vector_cosine(v.p, w.p, v.len), -1, 1e-9);
	ck_assert(!vector_pack(&w, x, VECTOR_DIMS_MAX + 1));
	ck_assert(!vector_pack(&w, x, 0));
	ck_assert(!vector_is_sane("\0\0\0\0a", 5));
	ck_assert(!vector_is_sane("\1\0\0\0", 4));
	ck_assert(vector_is_sane("\1\0\0\0\1", 5));
}
END_TEST

/* -- fusion ---------------------------------------------------------------------------- */

static const struct {
	const char *name, *a, *b, *out;	/* a letter is a key; its chunk is its place in the alphabet */
} fusions[] = {
	{ "nothing", "", "", "" },
	{ "words alone", "bca", "", "bca" },
	{ "vectors alone", "", "bca", "bca" },
	{ "the same", "cab", "cab", "cab" },
	{ "found by both goes first", "abz", "cdz", "zabcd" },
	{ "unlike: words first", "ca", "db", "cadb" },
	{ "second in both beats first in one", "bx", "cx", "xbc" },
	{ "turned round: as the words have it", "ba", "ab", "ba" },
	{ "near by meaning, so further up", "abc", "c", "cab" },
};

static unsigned
list_of(const char *s, struct ranked *out, int64_t chunks)
{
	unsigned n = 0;

	for (; *s != '\0'; s++)
		out[n++] = (struct ranked){ .key = *s, .chunk = *s - 'a' + chunks };
	return n;
}

START_TEST(fusion)
{
	struct ranked a[8], b[8], out[16];
	unsigned n_a = list_of(fusions[_i].a, a, 0), n_b = list_of(fusions[_i].b, b, 0);
	unsigned n = fuse(out, a, n_a, b, n_b);
	char got[17] = "";

	for (unsigned i = 0; i < n; i++) {
		got[i] = (char)out[i].key;
		ck_assert(out[i].score > 0 && out[i].score <= 1);
		ck_assert(i == 0 || out[i].score <= out[i - 1].score);
	}
	ck_assert_msg(strcmp(got, fusions[_i].out) == 0, "%s: %s", fusions[_i].name, got);
}
END_TEST

START_TEST(fusion_keeps_the_chunk_that_has_the_words)
{
	struct ranked a[1], b[2], out[3];

	(void)list_of("x", a, 0);
	(void)list_of("xy", b, 1000);
	ck_assert_uint_eq(fuse(out, a, 1, b, 2), 2);
	ck_assert_int_eq(out[0].chunk, 'x' - 'a');
	ck_assert_double_eq_tol(out[0].score, 1, 1e-9);
	ck_assert_int_eq(out[1].chunk, 'y' - 'a' + 1000);
}
END_TEST

/* -- the store ------------------------------------------------------------------------- */

static int
first_of(const struct chunk_entry *c, void *arg)
{
	int64_t *id = arg;

	if (*id == 0)
		*id = c->id;
	return 0;
}

static void
embed(struct store *st, const char *body, double x, double y)	/* the first chunk without one */
{
	struct vector v;
	int64_t id = 0;

	ck_assert(vector_pack(&v, (double[]){ x, y }, 2));
	ck_assert_int_ge(store_vectors_next(st, 0, 9, first_of, &id), 1);
	ck_assert_int_eq(store_vectors_put(st, id, body, &v), 0);
}

static int
put_url(const struct search_hit *h, void *arg)
{
	text_printf(arg, "%s ", h->url);
	ck_assert(h->score > 0 && h->score <= 1);
	return 0;
}

static void
found(struct store *st, struct search s, const char *want)
{
	struct text t = { 0 };

	s.limit = s.limit == 0 ? 9 : s.limit;
	ck_assert_int_ge(store_search(st, &s, put_url, &t), 0);
	text_puts(&t, "");
	ck_assert_str_eq(t.len > 0 ? text_str(&t) : "", want);
	text_fini(&t);
}

static struct store *
store_of_three(void)
{
	struct store *st = store_new();

	begin_source(st, "s");
	begin_source(st, "t");
	ck_assert_int_eq(store_vectors_of(st, "m"), 0);
	ck_assert_int_eq(put_page(st, "s", "a", "A", SLICE_LIT("apple")), 0);
	ck_assert_int_eq(put_page(st, "s", "b", "B", SLICE_LIT("berry")), 0);
	ck_assert_int_eq(put_page(st, "t", "c", "C", SLICE_LIT("cherry")), 0);
	ck_assert_int_eq(store_vectors_missing(st), 3);
	embed(st, "apple", 1, 0.1);
	embed(st, "berry", 1, -1);
	embed(st, "cherry", 0.1, 1);
	ck_assert_int_eq(store_vectors_missing(st), 0);
	ck_assert_int_eq(store_vectors_dims(st), 2);
	return st;
}

START_TEST(searches_by_both)
{
	struct store *st = store_of_three();
	struct vector up, right;

	ck_assert(vector_pack(&up, (double[]){ 0, 1 }, 2) && vector_pack(&right, (double[]){ 1, 0 }, 2));
	found(st, (struct search){ .query = "apple" }, "a ");
	found(st, (struct search){ .query = "apple", .vector = &up }, "a c ");
	found(st, (struct search){ .query = "zebra", .vector = &up }, "c a ");
	found(st, (struct search){ .query = "zebra", .vector = &right }, "a b c ");
	found(st, (struct search){ .query = "zebra", .vector = &right, .limit = 1 }, "a ");
	found(st, (struct search){ .query = "zebra", .vector = &right, .source_id = "t" }, "c ");
	found(st, (struct search){ .query = "zebra", .vector = &right, .sources = "x,t" }, "c ");
	found(st, (struct search){ .query = "zebra", .vector = &right, .knowledge_type = "business" }, "");
	found(st, (struct search){ .query = "zebra", .vector = &right, .tags = "x" }, "");
	found(st, (struct search){ .query = "zebra", .vector = &right, .language = "de" }, "");
	ck_assert_int_ge(store_source_delete(st, "s", 1), 0);
	found(st, (struct search){ .query = "zebra", .vector = &right }, "c ");
	ck_assert(vector_pack(&right, (double[]){ 1, 0, 0 }, 3));
	found(st, (struct search){ .query = "zebra", .vector = &right }, "");
	store_sound(st);
	store_close(st);
}
END_TEST

START_TEST(vectors_go_with_their_chunks)
{
	struct store *st = store_of_three();
	struct vector v;
	int64_t n_chunks, id = 0;

	ck_assert_int_eq(store_vectors_count(st, "s", &n_chunks), 2);
	ck_assert_int_eq(n_chunks, 2);
	ck_assert_int_eq(put_page(st, "s", "a", "A", SLICE_LIT("apricot")), 0);	/* instead of the old */
	ck_assert_int_eq(store_vectors_count(st, "s", &n_chunks), 1);
	ck_assert_int_eq(n_chunks, 2);
	ck_assert_int_eq(store_vectors_missing(st), 1);

	/* What was asked for the text before comes too late. */
	ck_assert(vector_pack(&v, (double[]){ 1, 1 }, 2));
	ck_assert_int_eq(store_vectors_next(st, 0, 9, first_of, &id), 1);
	ck_assert_int_eq(store_vectors_put(st, id, "apple", &v), 0);
	ck_assert_int_eq(store_vectors_missing(st), 1);
	ck_assert_int_eq(store_vectors_next(st, id, 9, first_of, &id), 0);

	ck_assert_int_eq(store_vectors_of(st, "m"), 0);		/* the same: they stay */
	ck_assert_int_eq(store_vectors_missing(st), 1);
	ck_assert_int_eq(store_vectors_of(st, "n"), 0);
	ck_assert_int_eq(store_vectors_missing(st), 3);
	ck_assert_int_eq(store_vectors_dims(st), 0);
	store_sound(st);
	store_close(st);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("embed");
	TCase *tc = tcase_create("all");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, reply, 0, (int)(sizeof replies / sizeof replies[0]));
	tcase_add_test(tc, replies_are_in_the_order_of_the_texts);
	tcase_add_test(tc, a_reply_with_too_many_dimensions);
	tcase_add_test(tc, cosines_are_nearly_exact);
	tcase_add_test(tc, the_largest_vector_does_not_overflow);
	tcase_add_loop_test(tc, fusion, 0, (int)(sizeof fusions / sizeof fusions[0]));
	tcase_add_test(tc, fusion_keeps_the_chunk_that_has_the_words);
	tcase_add_test(tc, searches_by_both);
	tcase_add_test(tc, vectors_go_with_their_chunks);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
