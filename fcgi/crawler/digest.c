#include "config.h"

#include "crawler/digest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/ids.h"
#include "shared/upload.h"

#include "crawler/charset.h"
#include "crawler/crawl.h"
#include "crawler/frontier.h"
#include "crawler/parcel.h"
#include "crawler/sitemap.h"
#include "crawler/xhtml.h"

static void
skip(struct parcel *p, enum skip why)
{
	p->fate = FATE_SKIP;
	p->skip = why;
}

static void
fail(struct parcel *p, const char *why)
{
	p->fate = FATE_FAIL;
	(void)snprintf(p->reason, sizeof p->reason, "%s", why);
}

/* -- links ----------------------------------------------------------------- */

static void
put_link(struct parcel *p, struct url *u, uint32_t lastmod_s)
{
	const struct scope *scope = &p->crawl->scope;
	enum scope_verdict v;

	p->has_sessions |= scope_canonical(scope, u);
	if (p->links_are_sitemaps)
		v = scope_same_site(scope, u) ? SCOPE_IN : SCOPE_OUTSIDE;
	else if (p->links_are_list && !p->crawl->from_page)
		v = scope_check_listed(scope, u);
	else
		v = scope_check(scope, u);
	if (v != SCOPE_IN)
		return;
	text_put(&p->links, u->text, u->len);
	if (lastmod_s != 0)
		text_printf(&p->links, " %" PRIu32, lastmod_s);
	text_putc(&p->links, '\0');
}

static int
on_listed(const char *url, size_t len, uint32_t lastmod_s, void *arg)
{
	struct parcel *p = arg;
	struct url u;

	if (url_resolve(&u, &p->url, url, len) == 0)
		put_link(p, &u, p->links_are_sitemaps ? 0 : lastmod_s);
	return 0;
}

static void
document_links(struct parcel *p)
{
	struct url u;

	for (size_t i = 0; i < p->doc.n_links; i++)
		if (!p->doc.links[i].nofollow && url_parse(&u, p->doc.links[i].url) == 0)
			put_link(p, &u, 0);
}

/* Another URL, inside the scope unless it may be anywhere, under which this page is to be kept, else NULL. */
static char *
elsewhere(const struct parcel *p, const char *url, bool anywhere)
{
	struct url u;

	if (url == NULL || url_parse(&u, url) < 0)
		return NULL;
	(void)scope_canonical(&p->crawl->scope, &u);
	if (strcmp(u.text, p->url.text) == 0 || (!anywhere && scope_check(&p->crawl->scope, &u) != SCOPE_IN))
		return NULL;
	return strdup(u.text);
}

enum { CHARSET_BYTES = 64 };		/* of a label */

/* -- kinds ----------------------------------------------------------------- */

static void
digest_list(struct parcel *p, const char *s, size_t len)
{
	p->fate = FATE_LIST;
	p->skip = SKIP_LIST;
	if (p->entry->depth > 0)	/* met as a link: its pages are found by links too */
		return;
	p->links_are_list = true;
	if (p->body_kind == KIND_URL_LIST) {
		(void)url_list_each(s, len, on_listed, p);
	} else {
		p->links_are_sitemaps = sitemap_sniff(s, len) == SITEMAP_INDEX;
		(void)sitemap_each(s, len, on_listed, p);
	}
}

static void
hash_document(struct parcel *p)
{
	struct text t = { 0 };

	/* The title counts: pages of images alone differ by nothing else. */
	text_puts(&t, p->doc.title != NULL ? p->doc.title : "");
	text_putc(&t, '\0');
	text_put(&t, p->doc.markdown.p, p->doc.markdown.len);
	if (t.failed)
		fail(p, "Out of memory.");
	else
		id_sha256(p->hash, t.p, t.len);
	text_fini(&t);
}

static void
site_document(struct parcel *p)
{
	p->noindex |= p->doc.noindex;
	p->nofollow |= p->doc.nofollow;
	p->links_are_list = p->entry->depth == 0 && kind_is_link_list(url_path(&p->url));
	/* Collected whatever the depth: a refresh may be allowed to go deeper than this crawl. */
	if (!p->nofollow && p->body_kind != KIND_PLAIN &&
	    !kind_is_whole(url_path(&p->url)))
		document_links(p);
	if ((p->moved_to = elsewhere(p, p->doc.refresh, p->entry->depth == 0)) != NULL)
		p->refreshes = true;
	else
		p->moved_to = elsewhere(p, p->doc.canonical != NULL ? p->doc.canonical : p->canonical, false);
}

enum { TITLE_LINE_MAX = 100 };

/* The first line of a text, when it is short and stands alone or underlined; else empty. */
static struct slice
title_line(const char *s, size_t len)
{
	const char *end = s + len, *eol, *next;

	while (s < end && (*s == '\n' || *s == '\r' || *s == ' ' || *s == '\t'))
		s++;
	if ((eol = memchr(s, '\n', (size_t)(end - s))) == NULL)
		eol = end;
	next = eol < end ? eol + 1 : end;
	while (eol > s && (eol[-1] == '\r' || eol[-1] == ' '))
		eol--;
	if (eol - s > TITLE_LINE_MAX || (next < end && strchr("\r\n=-", *next) == NULL))
		return (struct slice){ s, 0 };
	return (struct slice){ s, (size_t)(eol - s) };
}

/* Of a document that names none: NULL, no memory, then it has none. */
static char *
upload_title(const struct parcel *p, const char *s, size_t len)
{
	struct slice line = title_line(s, len);
	char name[UPLOAD_NAME_BYTES];

	if (p->body_kind == KIND_PLAIN && line.len > 0)
		return strndup(line.p, line.len);
	upload_url_name(p->url.text, name);
	return strdup(name);
}

static int
digest_page(struct parcel *p, const char *s, size_t len)
{
	struct text whole = { 0 };
	int rc = -ENOMEM;

	if (xhtml_is(p->content_type, s, len))
		xhtml_expand(&whole, s, len);
	if (!whole.failed)
		rc = whole.len > 0 ? extract_html(&p->doc, whole.p, whole.len, &p->url) : extract_html(&p->doc, s, len, &p->url);
	text_fini(&whole);
	return rc;
}

static void
digest_document(struct parcel *p, const char *s, size_t len)
{
	const struct crawl_params *params = &p->crawl->params;
	int rc = p->body_kind == KIND_PAGE ? digest_page(p, s, len) :
	    p->body_kind == KIND_MARKDOWN ? extract_markdown(&p->doc, s, len, &p->url) :
	    extract_plain(&p->doc, s, len, &p->url);

	if (rc < 0 && rc != -EMSGSIZE) {	/* over a limit: what came before it is good */
		fail(p, "Out of memory.");
		return;
	}
	p->is_cut = rc == -EMSGSIZE;
	if (!p->crawl->upload)		/* robots and links are about a site */
		site_document(p);
	else if (p->doc.title == NULL)
		p->doc.title = upload_title(p, s, len);
	if (p->noindex) {
		skip(p, SKIP_NOINDEX);
		return;
	}
	p->n_words = chunk_words(p->doc.markdown.p, p->doc.markdown.len);
	if (chunk_markdown(&p->chunks, p->doc.markdown.p, p->doc.markdown.len, p->doc.title,
	    params->chunk_size, params->extract_code_examples) < 0)
		fail(p, "Out of memory.");
	else
		hash_document(p);
}

/* Text of two bytes a character says nothing of its kind: it becomes UTF-8 first.  false: no memory. */
static bool
unwiden(struct parcel *p, char charset[CHARSET_BYTES])
{
	static const char narrow[] = "utf-8";
	struct text utf8 = { 0 };

	if (kind_is_foreign(p->content_type) || !charset_is_wide(p->body.p, p->body.len, charset))
		return true;
	if (charset_to_utf8(&utf8, p->body.p, p->body.len, charset, false) < 0) {
		text_fini(&utf8);
		return false;
	}
	text_fini(&p->body);
	p->body = utf8;
	memcpy(charset, narrow, sizeof narrow);
	return true;
}

static int
unpack(struct parcel *p, size_t max_bytes, char charset[CHARSET_BYTES])
{
	struct text out = { 0 };
	int rc = gunzip(&out, p->body.p, p->body.len, max_bytes);

	if (rc < 0) {
		text_fini(&out);
		return rc;
	}
	text_fini(&p->body);
	p->body = out;
	if (!unwiden(p, charset))
		return -ENOMEM;
	out = p->body;
	p->body_kind = sitemap_sniff(out.p, out.len) != SITEMAP_NONE ? KIND_SITEMAP :
	    url_list_sniff(out.p, out.len) ? KIND_URL_LIST : KIND_OTHER;
	return 0;
}

void
digest_as(struct parcel *p, const char *charset)
{
	struct text utf8 = { 0 };
	int rc = charset_to_utf8(&utf8, p->body.p, p->body.len, charset, p->body_kind == KIND_PAGE);

	if (rc < 0) {
		fail(p, "Out of memory.");
	} else {
		const struct text *t = rc == 1 ? &p->body : &utf8;

		if (p->body_kind == KIND_SITEMAP || p->body_kind == KIND_URL_LIST)
			digest_list(p, t->p, t->len);
		else
			digest_document(p, t->p, t->len);
	}
	if (p->links.failed)
		text_fini(&p->links);
	text_fini(&utf8);
	text_fini(&p->body);
}

void
digest(struct parcel *p, size_t max_bytes)
{
	char charset[CHARSET_BYTES];
	int rc;

	if (p->body.p == NULL)
		text_puts(&p->body, "");	/* an empty page is a page */
	kind_charset(charset, sizeof charset, p->content_type);
	if (!unwiden(p, charset)) {
		fail(p, "Out of memory.");
		goto done;
	}
	p->body_kind = kind_of(p->content_type, url_path(&p->url), text_str(&p->body), p->body.len);
	if (p->body_kind == KIND_GZIP && (rc = unpack(p, max_bytes, charset)) < 0) {
		if (rc == -EMSGSIZE)
			skip(p, SKIP_LARGE);
		else
			skip(p, SKIP_TYPE);
		goto done;
	}
	if (p->body_kind == KIND_OTHER) {
		skip(p, SKIP_TYPE);
		goto done;
	}
	digest_as(p, charset);
done:
	text_fini(&p->body);
}
