#include "config.h"

#include "shared/meters.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/ids.h"
#include "shared/text.h"

enum { PATH_BYTES = 512 };

struct meters {
	struct meters_file *f;
	char path[PATH_BYTES];
};

static const uint64_t bound_us[] = { METER_BOUNDS_US };
_Static_assert(sizeof bound_us / sizeof bound_us[0] == METER_BUCKETS - 1, "and one that is open");

/* -- the file -------------------------------------------------------------------- */

/* Map it over what is at `at`, NULL: anywhere.  Zeros are good, so two may make it at once. */
static int
meters_map(const char *path, void *at, struct meters_file **out)
{
	struct stat sb;
	void *p;
	int fd, rc;

	if ((fd = table_open_shared(path, O_NONBLOCK, 0660)) < 0)
		return fd;
	/* Its memory now, not SIGBUS later; it grows the file, too. */
	do
		rc = -posix_fallocate(fd, 0, (off_t)sizeof **out);
	while (rc == -EINTR);
	if (rc == 0 && (fstat(fd, &sb) == -1 || !S_ISREG(sb.st_mode) || sb.st_size != (off_t)sizeof **out))
		rc = -EBADMSG;
	if (rc == 0) {
		p = mmap(at, sizeof **out, PROT_READ | PROT_WRITE, MAP_SHARED | (at != NULL ? MAP_FIXED : 0), fd, 0);
		if (p == MAP_FAILED)
			rc = -errno;
		else
			*out = p;
	}
	(void)close(fd);
	return rc;
}

int
meters_open(struct meters **out, const char *run_dir, struct err *e)
{
	struct meters *m = calloc(1, sizeof *m);
	int rc;

	if (m == NULL)
		return err_set(e, -ENOMEM, "out of memory");
	if (snprintf(m->path, sizeof m->path, "%s/" TABLE_DIR "/meters-2", run_dir) >= (int)sizeof m->path)
		rc = -ENAMETOOLONG;
	else
		rc = meters_map(m->path, NULL, &m->f);
	if (rc < 0) {
		err_set(e, rc, "%s: %s; remove it if it is not archon's", m->path, strerror(-rc));
		free(m);
		return rc;
	}
	*out = m;
	return 0;
}

void
meters_close(struct meters *m)
{
	if (m == NULL)
		return;
	(void)munmap(m->f, sizeof *m->f);
	free(m);
}

int
meters_reopen(struct meters *m)
{
	/* In place: threads that add at this moment add to the one or the other. */
	return m != NULL ? meters_map(m->path, m->f, &m->f) : 0;
}

const struct meters_file *
meters_read(const struct meters *m)
{
	return m != NULL ? m->f : NULL;
}

/* -- adding ------------------------------------------------------------------------ */

static void
add(_Atomic uint64_t *to, uint64_t n)
{
	(void)atomic_fetch_add_explicit(to, n, memory_order_relaxed);
}

static void
latency_add(struct meter_latency *l, uint64_t us)
{
	unsigned i = 0;

	while (i < METER_BUCKETS - 1 && us > bound_us[i])
		i++;
	add(&l->bucket[i], 1);
	add(&l->sum_us, us);
}

void
meters_serving(struct meters *m, enum meter_program program, const struct routes *rs)
{
	struct meter_http *h;
	struct text names = { 0 };
	uint64_t shape;

	if (m == NULL)
		return;
	assert(rs->n <= METER_ROUTES);
	h = &m->f->http[program];
	for (size_t i = 0; i < rs->n; i++)
		text_printf(&names, "%s %s\n", rs->tbl[i].method, rs->tbl[i].pattern);
	shape = id_hash(names.len > 0 ? names.p : "", names.len);	/* short of memory: begins anew */
	text_fini(&names);
	if (atomic_exchange_explicit(&h->shape, shape, memory_order_relaxed) != shape) {
		memset(h->route, 0, sizeof h->route);
		memset(&h->none, 0, sizeof h->none);
	}
	atomic_store_explicit(&h->started_wall_ms, clock_wall_ms(), memory_order_relaxed);
}

void
meters_request(struct meters *m, enum meter_program program, const struct routes *rs, const struct route *r, int status,
    int64_t took_ns)
{
	struct meter_http *h;
	struct meter_route *to;

	if (m == NULL)
		return;
	h = &m->f->http[program];
	to = r != NULL ? &h->route[r - rs->tbl] : &h->none;
	latency_add(&to->took, took_ns > 0 ? (uint64_t)took_ns / 1000 : 0);
	add(&to->status[status >= 100 && status <= 599 ? status / 100 : 0], 1);
}

void
meters_fetch(struct meters *m, long status, uint64_t bytes, int64_t took_us)
{
	bool answered = status >= 100 && status <= 599;

	if (m == NULL)
		return;
	add(&m->f->fetches[answered ? (unsigned)(status / 100) : METER_FAILED], 1);
	add(&m->f->fetched_bytes, bytes);
	if (answered)
		latency_add(&m->f->fetch, took_us > 0 ? (uint64_t)took_us : 0);
}

void
meters_pages(struct meters *m, enum outcome outcome, uint64_t n)
{
	if (m != NULL && n > 0)
		add(&m->f->pages[outcome], n);
}

void
meters_crawl_ended(struct meters *m, enum crawl_phase phase)
{
	if (m != NULL && crawl_phase_is_terminal(phase))
		add(&m->f->crawls_ended[phase], 1);
}

struct meter_crawler *
meters_crawler(struct meters *m, unsigned slot)
{
	assert(slot < TABLE_CONSUMERS);
	return m != NULL ? &m->f->crawler[slot] : NULL;
}

const char *
meter_result_word(enum meter_result r)
{
	static const char *const words[METER_N_RESULTS] = {
#define X(name, word) [METER_##name] = word,
		METER_RESULTS(X)
#undef X
	};

	return words[r];
}
