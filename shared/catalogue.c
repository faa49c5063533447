#include "config.h"

#include "shared/catalogue.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "shared/changecount.h"
#include "shared/json_text.h"
#include "shared/table_layout.h"

enum {
	READ_TRIES = 16,
	ITEMS = 20,			/* of a page as the API gives it unasked */
	PAGE_HEAD = offsetof(struct catalogue_page, word),
};

static struct catalogue_page *
page_of(const struct table *t, unsigned i)
{
	return (struct catalogue_page *)(void *)(t->base + page_at(t->n_rows, i));
}

static struct catalogue_event *
event_of(const struct table *t, uint64_t version)
{
	return (struct catalogue_event *)(void *)(t->base + event_at(t->n_rows, version % CATALOGUE_EVENTS));
}

/* -- readers ------------------------------------------------------------------------- */

uint64_t
catalogue_version(const struct table *t)
{
	return atomic_load_explicit(&catalogue_head(t)->version, memory_order_acquire);
}

/* Append bytes of shared words to out, with room for the last word.  false: no memory. */
static bool
text_words(struct text *out, const _Atomic uint64_t *word, size_t bytes)
{
	static const char zeros[512];
	size_t had = out->len, room = words_of(bytes) * 8;

	for (size_t n = 0; n < room; n += sizeof zeros)
		text_put(out, zeros, room - n < sizeof zeros ? room - n : sizeof zeros);
	if (out->failed)
		return false;
	words_load(out->p + had, word, bytes);
	out->len = had + bytes;
	return true;
}

int
catalogue_page(const struct table *t, struct text *out, uint64_t *version)
{
	const struct catalogue_head *h = catalogue_head(t);
	size_t had = out->len;

	for (unsigned tries = 0; tries < READ_TRIES; tries++) {
		uint64_t v = catalogue_version(t), shown = atomic_load_explicit(&h->page, memory_order_acquire);
		const struct catalogue_page *page = page_of(t, (unsigned)(shown - 1) & 1);
		uint32_t before, len;

		if (shown == 0)
			return -ENOENT;
		if (shown > 2 || atomic_load_explicit(&h->backed[shown - 1], memory_order_acquire) == 0)
			return -EAGAIN;
		before = change_begin(&page->changecount);
		len = atomic_load_explicit(&page->len, memory_order_relaxed);
		if (len > CATALOGUE_PAGE_BYTES || len + PAGE_HEAD > atomic_load_explicit(&h->backed[shown - 1], memory_order_acquire))
			continue;
		if (!text_words(out, page->word, len))
			return -ENOMEM;
		if (change_is_same(&page->changecount, before)) {
			*version = v;
			return 0;
		}
		out->len = had;
	}
	return -EAGAIN;
}

int
catalogue_event(const struct table *t, uint64_t version, struct text *out)
{
	const struct catalogue_head *h = catalogue_head(t);
	const struct catalogue_event *ev = event_of(t, version);
	uint64_t last = catalogue_version(t);
	size_t had = out->len;

	if (version > last)
		return -EAGAIN;
	/* One less than there are: the oldest may be the one that is being written. */
	if (last - version >= CATALOGUE_EVENTS - 1
	    || version % CATALOGUE_EVENTS >= atomic_load_explicit(&h->n_backed_events, memory_order_acquire))
		return -ENOENT;
	for (unsigned tries = 0; tries < READ_TRIES; tries++) {
		uint32_t before = change_begin(&ev->changecount);
		uint32_t len = atomic_load_explicit(&ev->len, memory_order_relaxed);

		if (len > CATALOGUE_EVENT_BYTES)
			continue;
		if (!text_words(out, ev->word, len))
			return -ENOMEM;
		if (atomic_load_explicit(&ev->version, memory_order_relaxed) == version
		    && change_is_same(&ev->changecount, before) && len > 0)
			return 0;
		out->len = had;
	}
	return -ENOENT;
}

/* -- writers ------------------------------------------------------------------------- */

static int
page_make(struct text *out, catalogue_make_f *make, void *arg)	/* the largest that fits */
{
	for (unsigned items = ITEMS; ; items /= 2) {
		int rc;

		text_clear(out);
		if ((rc = make(out, items, arg)) < 0)
			return rc;
		if (out->failed)
			return -ENOMEM;
		if (out->len <= CATALOGUE_PAGE_BYTES)
			return 0;
		if (items == 0)
			return -EMSGSIZE;
	}
}

static int
page_back(struct table *t, unsigned i, size_t len)
{
	_Atomic uint64_t *backed = &catalogue_head(t)->backed[i];
	uint64_t need = page_up(PAGE_HEAD + len), have = atomic_load_explicit(backed, memory_order_relaxed);
	int rc;

	if (have >= need)
		return 0;
	if ((rc = table_back(t->fd, page_at(t->n_rows, i), need)) == 0)
		atomic_store_explicit(backed, need, memory_order_release);
	return rc;
}

static int
event_back(struct table *t, uint64_t version)
{
	_Atomic uint64_t *n_backed = &catalogue_head(t)->n_backed_events;
	uint64_t slot = version % CATALOGUE_EVENTS, have = atomic_load_explicit(n_backed, memory_order_relaxed);
	int rc;

	if (slot < have)
		return 0;
	if ((rc = table_back(t->fd, event_at(t->n_rows, (unsigned)have),
	    (slot + 1 - have) * sizeof(struct catalogue_event))) == 0)
		atomic_store_explicit(n_backed, slot + 1, memory_order_release);
	return rc;
}

static void
page_write(struct catalogue_page *page, const struct text *json)
{
	uint32_t odd = change_open(&page->changecount);

	atomic_store_explicit(&page->len, (uint32_t)json->len, memory_order_relaxed);
	words_store(page->word, json->p, json->len);
	change_close(&page->changecount, odd);
}

static void
event_write(struct catalogue_event *ev, uint64_t version, const struct text *json)
{
	uint32_t odd = change_open(&ev->changecount);

	atomic_store_explicit(&ev->len, json != NULL ? (uint32_t)json->len : 0, memory_order_relaxed);
	atomic_store_explicit(&ev->version, version, memory_order_relaxed);
	if (json != NULL)
		words_store(ev->word, json->p, json->len);
	change_close(&ev->changecount, odd);
}

int
catalogue_publish(struct table *t, catalogue_make_f *make, void *arg, const struct text *event)
{
	struct catalogue_head *h = catalogue_head(t);
	struct text json = { 0 };
	uint64_t version;
	unsigned hidden;
	int rc, made;

	if (event != NULL && (event->failed || event->len > CATALOGUE_EVENT_BYTES))
		return event->failed ? -ENOMEM : -EMSGSIZE;
	if ((rc = table_enter(t, &t->catalogue_lock, LOCK_CATALOGUE)) < 0)
		return rc;
	version = atomic_load_explicit(&h->version, memory_order_relaxed) + 1;
	hidden = atomic_load_explicit(&h->page, memory_order_relaxed) == 1 ? 1 : 0;
	if ((made = page_make(&json, make, arg)) == 0)
		made = page_back(t, hidden, json.len);
	if (made < 0 && event == NULL)
		rc = made;
	else
		rc = event_back(t, version);
	if (rc == 0) {
		if (made == 0) {
			page_write(page_of(t, hidden), &json);
			atomic_store_explicit(&h->page, hidden + 1, memory_order_release);
		}
		event_write(event_of(t, version), version, event);
		atomic_store_explicit(&h->version, version, memory_order_release);
	}
	table_exit(t, &t->catalogue_lock, LOCK_CATALOGUE);
	text_fini(&json);
	if (rc < 0)
		return rc;
	table_signal(t, TABLE_RELAY);
	return made;
}

/* -- the texts of events ------------------------------------------------------------- */

static void
event_open(struct text *out, const char *type)
{
	json_open(out, '{');
	json_kstr(out, "type", type);
	json_key(out, "data");
	json_open(out, '{');
}

static void
event_close(struct text *out)
{
	json_close(out, '}');
	json_close(out, '}');
}

static void
kstr_cut(struct text *out, const char *key, const char *s, size_t max)
{
	json_key(out, key);
	json_string(out, s, utf8_cut(s, strlen(s), max));
}

static const size_t text_max[] = { ROW_URL_BYTES, 256, 64, 0 };	/* until the event fits */

static bool
event_fits(struct text *out, size_t had)
{
	if (out->failed || out->len - had <= CATALOGUE_EVENT_BYTES)
		return true;
	out->len = had;
	return false;
}

void
catalogue_event_crawl(struct text *out, const struct crawl_progress *p)
{
	bool success = p->phase == CRAWL_COMPLETED;
	size_t had = out->len;
	char words[64];

	(void)snprintf(words, sizeof words, "%llu pages stored", (unsigned long long)p->processed_pages);
	for (unsigned i = 0; i < sizeof text_max / sizeof text_max[0]; i++) {
		event_open(out, "crawl_completed");
		kstr_cut(out, "url", p->url, text_max[i]);
		json_kbool(out, "success", success);
		kstr_cut(out, "message", success ? words : p->phase == CRAWL_CANCELLED ? "Crawl cancelled" : p->error, text_max[i]);
		json_kstr(out, "progressId", p->id);
		json_kstr(out, "sourceId", p->source_id);
		event_close(out);
		if (event_fits(out, had))
			return;
	}
}

void
catalogue_event_deleted(struct text *out, const char *source_id)
{
	event_open(out, "knowledge_item_deleted");
	json_kstr(out, "sourceId", source_id);
	event_close(out);
}

void
catalogue_event_uploaded(struct text *out, const char *filename, bool success, const char *message)
{
	size_t had = out->len;

	for (unsigned i = 0; i < sizeof text_max / sizeof text_max[0]; i++) {
		event_open(out, "document_uploaded");
		kstr_cut(out, "filename", filename, text_max[i]);
		json_kbool(out, "success", success);
		kstr_cut(out, "message", message, text_max[i]);
		event_close(out);
		if (event_fits(out, had))
			return;
	}
}
