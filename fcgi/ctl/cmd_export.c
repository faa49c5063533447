/*
 * export: what is known as files, read from the store itself.  DIR/archon.jsonl has
 * all of it, a source or a page a line, for `archonctl import'; DIR/SOURCE/ has each
 * page as Markdown, for people and other programs.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "shared/ids.h"
#include "shared/json_text.h"
#include "shared/knowledge.h"
#include "shared/store.h"
#include "shared/text.h"

enum { PATH_BYTES = 3072, NAME_BYTES = 180, SOURCES_MAX = 1000000 };

struct export {
	struct store *store;
	const char *dir;
	FILE	   *lines;
	struct text line;
	struct text sources;		/* ids, each ended by NUL */
	const char *source;		/* the one under way */
	long long   n_sources, n_pages;
	struct err *e;
};

/* -- a page as Markdown ------------------------------------------------------------ */

/* The path of a URL as one of a file below the source's directory: nothing in it leads out. */
static void
name_put(struct text *t, const char *url)
{
	const char *p = strstr(url, "://");
	size_t in_segment = 0;

	p = p != NULL ? p + 3 + strcspn(p + 3, "/?#") : url;
	p += *p == '/';
	for (; *p != '\0'; p++) {
		bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '-' || *p == '_';

		if (*p == '/' && in_segment > 0) {
			text_putc(t, '/');
			in_segment = 0;
		} else if (in_segment < NAME_BYTES) {
			text_putc(t, plain || (*p == '.' && in_segment > 0) ? *p : '_');
			in_segment++;
		}
	}
	if (in_segment == 0)
		text_puts(t, "index");
}

static int
directories_make(char *path)		/* of all but the last part */
{
	for (char *p = strchr(path + 1, '/'); p != NULL; p = strchr(p + 1, '/')) {
		int rc;

		*p = '\0';
		rc = mkdir(path, 0777) != 0 && errno != EEXIST ? -errno : 0;
		*p = '/';
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Two URLs may come to one name, and one may be another's directory: then the name is told apart by a number. */
static FILE *
page_open(struct export *x, const char *url)
{
	struct text t = { 0 };
	char path[PATH_BYTES];
	int fd = -1;

	name_put(&t, url);
	for (int again = 0; again < 2 && fd < 0 && text_str(&t) != NULL; again++) {
		int n = again == 0 ? snprintf(path, sizeof path, "%s/%s/%s.md", x->dir, x->source, text_str(&t))
		    : snprintf(path, sizeof path, "%s/%s/_%016llx.md", x->dir, x->source, (unsigned long long)id_hash(url, strlen(url)));

		if (n < PATH_BYTES && directories_make(path) == 0)
			fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	}
	text_fini(&t);
	if (fd < 0)
		err_set(x->e, -errno, "%s: %s", path, strerror(errno));
	return fd >= 0 ? fdopen(fd, "w") : NULL;
}

static int
markdown_write(struct export *x, const struct page *p)
{
	FILE *f = page_open(x, p->url);
	struct text url = { 0 }, title = { 0 };
	bool bad;

	if (f == NULL)
		return -EIO;
	json_string(&url, p->url, strlen(p->url));	/* JSON's strings are YAML's, too */
	json_string(&title, p->title, strlen(p->title));
	(void)fprintf(f, "---\nurl: %s\ntitle: %s\n---\n\n", text_str(&url), text_str(&title));
	for (unsigned i = 0; i < p->n_chunks; i++) {
		(void)fwrite(p->chunks[i].body.p, 1, p->chunks[i].body.len, f);
		(void)fputs("\n\n", f);
	}
	bad = ferror(f) != 0 || url.failed || title.failed;
	text_fini(&url);
	text_fini(&title);
	if (fclose(f) != 0 || bad)
		return err_set(x->e, -EIO, "%s: cannot be written: is the disk full?", x->dir);
	return 0;
}

/* -- a line of JSON ------------------------------------------------------------------- */

static void
kslice(struct text *t, const char *key, struct slice s)
{
	json_key(t, key);
	json_string(t, s.p, s.len);
}

static void
contents_put(struct text *t, const struct page *p)
{
	json_key(t, "links");
	json_open(t, '[');
	for (size_t at = 0; at < p->links.len; at += strlen(p->links.p + at) + 1)
		json_string(t, p->links.p + at, strlen(p->links.p + at));
	json_close(t, ']');
	json_key(t, "chunks");
	json_open(t, '[');
	for (unsigned i = 0; i < p->n_chunks; i++) {
		json_open(t, '{');
		kslice(t, "headings", p->chunks[i].headings);
		kslice(t, "body", p->chunks[i].body);
		kslice(t, "terms", p->chunks[i].terms);
		json_close(t, '}');
	}
	json_close(t, ']');
	json_key(t, "code_examples");
	json_open(t, '[');
	for (unsigned i = 0; i < p->n_examples; i++) {
		json_open(t, '{');
		kslice(t, "language", p->examples[i].language);
		kslice(t, "code", p->examples[i].code);
		kslice(t, "before", p->examples[i].before);
		kslice(t, "after", p->examples[i].after);
		kslice(t, "heading", p->examples[i].heading);
		json_close(t, '}');
	}
	json_close(t, ']');
}

static int
line_end(struct export *x)
{
	json_close(&x->line, '}');
	text_putc(&x->line, '\n');
	if (x->line.failed || fwrite(x->line.p, 1, x->line.len, x->lines) != x->line.len)
		return err_set(x->e, -EIO, "%s/archon.jsonl: cannot be written: is the disk full?", x->dir);
	text_clear(&x->line);
	return 0;
}

static int
page_write(const struct page *p, void *arg)
{
	struct export *x = arg;
	struct text *t = &x->line;
	int rc;

	json_open(t, '{');
	json_kstr(t, "type", "page");
	json_kstr(t, "source_id", x->source);
	json_kstr(t, "url", p->url);
	json_kstr(t, "title", p->title);
	json_kstr(t, "description", p->description);
	json_kstr(t, "language", p->language);
	json_kstr(t, "etag", p->etag);
	json_kstr(t, "last_modified", p->last_modified);
	json_kstr(t, "content_hash", p->content_hash);
	json_kstr(t, "recipe", p->recipe);
	json_kint(t, "fetched_ms", p->fetched_ms);
	json_kint(t, "words", (int64_t)p->n_words);
	json_kint(t, "bytes", (int64_t)p->n_bytes);
	contents_put(t, p);
	x->n_pages++;
	if ((rc = line_end(x)) < 0)
		return rc;
	return markdown_write(x, p);
}

static int
source_write(const struct source *s, void *arg)
{
	struct export *x = arg;
	struct text *t = &x->line;

	json_open(t, '{');
	json_kstr(t, "type", "source");
	json_kstr(t, "source_id", s->id);
	json_kstr(t, "title", s->title);
	json_kstr(t, "description", s->description);
	json_kbool(t, "title_chosen", s->title_chosen);
	json_kbool(t, "description_chosen", s->description_chosen);
	json_key(t, "params");
	json_raw(t, s->params, strlen(s->params));
	x->n_sources++;
	return line_end(x);
}

/* -- all of it ------------------------------------------------------------------------- */

static int
note_source(const struct source *s, void *arg)
{
	text_put(arg, s->id, strlen(s->id) + 1);
	return 0;
}

static int
note_url(const char *url, void *arg)
{
	text_put(arg, url, strlen(url) + 1);
	return 0;
}

static int
source_export(struct export *x)
{
	struct text urls = { 0 };
	int rc = store_source_get(x->store, x->source, source_write, x);

	if (rc == -ENOENT)
		return err_set(x->e, rc, "No source has the id %s: archonctl sources lists them", x->source);
	if (rc == 0)
		rc = store_pages_each(x->store, x->source, note_url, &urls);
	if (rc == 0 && urls.failed)
		rc = -ENOMEM;
	for (size_t at = 0; rc == 0 && at < urls.len; at += strlen(urls.p + at) + 1)
		if ((rc = store_page_dump(x->store, x->source, urls.p + at, page_write, x)) == -ENOENT)
			rc = 0;			/* it has gone meanwhile */
	text_fini(&urls);
	return rc;
}

static int
export_all(struct export *x, const char *only)
{
	const struct source_filter every = { .limit = SOURCES_MAX };
	int rc = 0;

	if (only != NULL)
		text_put(&x->sources, only, strlen(only) + 1);
	else
		rc = store_sources_each(x->store, &every, note_source, &x->sources);
	if (rc == 0 && x->sources.failed)
		rc = -ENOMEM;
	for (size_t at = 0; rc == 0 && at < x->sources.len; at += strlen(x->sources.p + at) + 1) {
		x->source = x->sources.p + at;
		rc = source_export(x);
	}
	return rc;
}

int
cmd_export(const struct ctl *ctl)
{
	struct err e = { "" };
	struct export x = { .dir = ctl->opt.word, .e = &e };
	char path[PATH_BYTES];
	int rc;

	if (mkdir(x.dir, 0777) != 0) {
		fprintf(stderr, "archonctl: %s: %s; name a directory that is not there yet\n", x.dir, strerror(errno));
		return CTL_USAGE;
	}
	(void)snprintf(path, sizeof path, "%s/archon.jsonl", x.dir);
	if ((rc = ctl_store_open(ctl, &x.store, &e)) == 0 && (x.lines = fopen(path, "wxe")) == NULL)
		rc = err_set(&e, -errno, "%s: %s", path, strerror(errno));
	if (rc == 0 && (rc = export_all(&x, ctl->opt.source)) < 0 && e.text[0] == '\0')
		err_set(&e, rc, "%s: %s", x.dir, rc == -ENOMEM ? "out of memory" : store_error(x.store));
	if (x.lines != NULL && fclose(x.lines) != 0 && rc == 0)
		rc = err_set(&e, -errno, "%s: %s", path, strerror(errno));
	store_close(x.store);
	text_fini(&x.line);
	text_fini(&x.sources);
	if (rc < 0) {
		fprintf(stderr, "archonctl: %s\n", e.text);
		return CTL_FAILED;
	}
	printf(ctl->opt.json ? "{\"sources\":%lld,\"pages\":%lld}\n" : "%lld sources, %lld pages\n", x.n_sources, x.n_pages);
	return CTL_DONE;
}
