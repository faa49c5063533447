#include "config.h"

#include "crawler/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <zlib.h>

#define DIRECTORY "fetched"
#define SUFFIX	  ".pages"		/* so that no id is "." or ".." */

enum { MAGIC = 0x50530002 };		/* another number when struct head changes */

struct head {				/* of a page in the file; then its texts, each ended by NUL, and its body */
	uint32_t magic, crc;		/* of all that follows it */
	uint32_t text_len[SPOOL_TEXTS];	/* with the NUL */
	uint32_t body_len;
	int64_t	 fetched_wall_ms;
	uint64_t n_bytes;
	uint8_t	 noindex, nofollow;
	uint16_t depth;
	uint8_t	 reserved[4];
};

enum { CHECKED_FROM = offsetof(struct head, text_len) };

void
spool_init(struct spool *s, const char *state_dir, const char *crawl_id)
{
	*s = (struct spool){ .fd = -1 };
	(void)snprintf(s->path, sizeof s->path, "%s/" DIRECTORY "/%s" SUFFIX, state_dir, crawl_id);	/* fits */
}

static void
remove_file(char *path)
{
	char *slash = strrchr(path, '/');

	(void)unlink(path);		/* else spool_sweep() does it */
	*slash = '\0';
	(void)rmdir(path);		/* the last; else there are others */
	*slash = '/';
}

void
spool_close(struct spool *s, bool over)
{
	if (s->fd == -1)
		return;
	if (over || s->n_kept == 0)
		remove_file(s->path);
	close(s->fd);
	s->fd = -1;
}

/* -- keeping ------------------------------------------------------------------- */

static bool
make(struct spool *s)
{
	char *slash = strrchr(s->path, '/');

	*slash = '\0';
	(void)mkdir(s->path, 0700);	/* it is there, or open() fails */
	*slash = '/';
	s->fd = open(s->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	return s->fd != -1;
}

bool
spool_put(struct spool *s, const struct spooled *p)
{
	struct head h = { .magic = MAGIC, .fetched_wall_ms = p->fetched_wall_ms, .n_bytes = p->n_bytes,
		.noindex = p->noindex, .nofollow = p->nofollow, .depth = (uint16_t)p->depth, .body_len = (uint32_t)p->body.len };
	struct iovec iov[SPOOL_TEXTS + 2] = { { &h, sizeof h } };
	size_t len = sizeof h + p->body.len;
	uLong crc;

	if (p->body.len > SPOOL_MAX_BYTES)
		return false;
	for (unsigned i = 0; i < SPOOL_TEXTS; i++) {
		iov[i + 1] = (struct iovec){ (void *)(uintptr_t)p->text[i], strlen(p->text[i]) + 1 };
		h.text_len[i] = (uint32_t)iov[i + 1].iov_len;
		len += iov[i + 1].iov_len;
	}
	iov[SPOOL_TEXTS + 1] = (struct iovec){ (void *)(uintptr_t)p->body.p, p->body.len };
	if (s->len + len > SPOOL_MAX_BYTES || (s->fd == -1 && !make(s)))
		return false;
	crc = crc32(0, (const Bytef *)&h + CHECKED_FROM, sizeof h - CHECKED_FROM);
	for (unsigned i = 1; i < SPOOL_TEXTS + 2; i++)
		crc = crc32(crc, iov[i].iov_base, (uInt)iov[i].iov_len);
	h.crc = (uint32_t)crc;
	if (pwritev(s->fd, iov, SPOOL_TEXTS + 2, (off_t)s->len) != (ssize_t)len)
		return false;		/* what got there is written over, or has no good sum */
	s->len += len;
	s->n_kept++;
	return true;
}

void
spool_stored(struct spool *s)
{
	if (--s->n_kept > 0)
		return;
	if (ftruncate(s->fd, 0) == 0)	/* else it goes on behind them */
		s->len = 0;
}

/* -- what is left of a crawler before ------------------------------------------------ */

/* The page at *at of the file, in *buf (grows).  false: there is none that is good. */
static bool
read_page(int fd, uint64_t at, char **buf, size_t *cap, struct spooled *p, size_t *len)
{
	struct head h;
	char *rest;

	if (pread(fd, &h, sizeof h, (off_t)at) != (ssize_t)sizeof h || h.magic != MAGIC || h.body_len > SPOOL_MAX_BYTES)
		return false;
	*len = h.body_len;
	for (unsigned i = 0; i < SPOOL_TEXTS; i++) {
		if (h.text_len[i] == 0 || h.text_len[i] > SPOOL_MAX_BYTES)
			return false;
		*len += h.text_len[i];
	}
	if (*len > SPOOL_MAX_BYTES)
		return false;
	if (*len > *cap) {
		if ((rest = realloc(*buf, *len)) == NULL)
			return false;
		*buf = rest;
		*cap = *len;
	}
	rest = *buf;
	if (pread(fd, rest, *len, (off_t)(at + sizeof h)) != (ssize_t)*len ||
	    crc32(crc32(0, (const Bytef *)&h + CHECKED_FROM, sizeof h - CHECKED_FROM), (const Bytef *)rest, (uInt)*len) != h.crc)
		return false;
	for (unsigned i = 0; i < SPOOL_TEXTS; rest += h.text_len[i++]) {
		if (strnlen(rest, h.text_len[i]) != h.text_len[i] - 1)
			return false;
		p->text[i] = rest;
	}
	p->body = (struct slice){ rest, h.body_len };
	p->fetched_wall_ms = h.fetched_wall_ms;
	p->n_bytes = h.n_bytes;
	p->noindex = h.noindex != 0;
	p->nofollow = h.nofollow != 0;
	p->depth = h.depth;
	*len += sizeof h;
	return true;
}

void
spool_each(struct spool *s, spool_page_f *f, void *arg)
{
	struct spooled page;
	size_t cap = 0, len;
	char *buf = NULL;

	if (s->fd != -1 || (s->fd = open(s->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)) == -1)
		return;			/* there is none, most likely */
	while (s->len <= SPOOL_MAX_BYTES && read_page(s->fd, s->len, &buf, &cap, &page, &len)) {
		s->n_kept += f(&page, arg);
		s->len += len;
	}
	free(buf);
	if (s->n_kept == 0)
		s->len = 0;
	if (ftruncate(s->fd, (off_t)s->len) == -1)
		s->len = SPOOL_MAX_BYTES;	/* what stands behind could be taken for good */
}

static bool
is_over(const char *crawl_id, struct store *st)
{
	struct crawl_progress *p = malloc(sizeof *p);
	int rc = p != NULL ? store_crawl_get(st, crawl_id, p) : -ENOMEM;
	bool over = rc == -ENOENT || (rc == 0 && crawl_phase_is_terminal((enum crawl_phase)p->phase));

	free(p);
	return over;
}

void
spool_sweep(const char *state_dir, struct store *st)
{
	char path[CONF_TEXT_BYTES + sizeof DIRECTORY], id[ROW_ID_BYTES];
	struct dirent *e;
	DIR *d;

	(void)snprintf(path, sizeof path, "%s/" DIRECTORY, state_dir);
	if ((d = opendir(path)) == NULL)
		return;			/* no crawl has kept anything */
	while ((e = readdir(d)) != NULL) {
		size_t len = strlen(e->d_name);

		if (len < sizeof SUFFIX || len - (sizeof SUFFIX - 1) >= sizeof id ||
		    strcmp(e->d_name + len - (sizeof SUFFIX - 1), SUFFIX) != 0)
			continue;
		field_set(id, len - sizeof SUFFIX + 2, e->d_name);
		if (is_over(id, st))
			(void)unlinkat(dirfd(d), e->d_name, 0);	/* another crawler was quicker, or the next time */
	}
	closedir(d);
}
