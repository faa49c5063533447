#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "crawler/document.h"
#include "crawler/dom.h"
#include "crawler/html_markdown.h"
#include "crawler/links.h"
#include "crawler/maincontent.h"
#include "crawler/markup_guard.h"
#include "crawler/words.h"

enum {
	NAME_BYTES_MAX = 1000,		/* of a title or a description; what is longer is no name */
};

struct page_walk {
	struct document *doc;
	struct links	links;
	struct content_survey survey;
	const struct dom_node *body;
	const struct dom_node *h1;	/* the first, when there is no <title> */
	bool		has_base, failed;
};

/* -- names ------------------------------------------------------------------- */

static void
put_collapsed(struct text *t, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c == 127) {
			if (t->len > 0 && t->p[t->len - 1] != ' ')
				text_putc(t, ' ');
		} else {
			text_putc(t, s.p[i]);
		}
	}
}

/* Gives t as a string, cut to a sane length, or NULL when it is blank. */
static char *
name_of(struct page_walk *w, struct text *t)
{
	char *s = NULL;

	t->len = utf8_cut(t->p, t->len, NAME_BYTES_MAX);
	while (t->len > 0 && t->p[t->len - 1] == ' ')
		t->len--;
	if (t->failed)
		w->failed = true;
	else if (t->len > 0 && (s = text_take(t, NULL)) == NULL)
		w->failed = true;
	text_fini(t);
	return s;
}

static char *
name_of_slice(struct page_walk *w, struct slice v)
{
	struct text t = { 0 };

	put_collapsed(&t, v);
	return name_of(w, &t);
}

static char *
name_of_text(struct page_walk *w, const struct dom_node *top)
{
	struct text t = { 0 };

	for (const struct dom_node *n = dom_first(top); n != NULL && t.len < NAME_BYTES_MAX;) {
		enum dom_tag tag = dom_tag(n);

		if (tag == DOM_TEXT)
			put_collapsed(&t, dom_text(n));
		else if (content_kind(n, tag, true) == CONTENT_FURNITURE) {
			n = dom_skip(n, top);
			continue;
		}
		n = dom_step(n, top);
	}
	return name_of(w, &t);
}

/* -- head -------------------------------------------------------------------- */

static bool
is_word(struct slice v, const char *word)	/* in any case, blanks around it */
{
	while (v.len > 0 && (unsigned char)v.p[0] <= ' ')
		v.p++, v.len--;
	while (v.len > 0 && (unsigned char)v.p[v.len - 1] <= ' ')
		v.len--;
	return v.len == strlen(word) && strncasecmp(v.p, word, v.len) == 0;
}

static void
robots(struct document *doc, struct slice v)
{
	while (v.len > 0) {
		const char *comma = memchr(v.p, ',', v.len);
		struct slice word = { v.p, comma != NULL ? (size_t)(comma - v.p) : v.len };
		size_t past = word.len + (comma != NULL);

		doc->noindex = doc->noindex || is_word(word, "noindex") || is_word(word, "none");
		doc->nofollow = doc->nofollow || is_word(word, "nofollow") || is_word(word, "none");
		v.p += past;
		v.len -= past;
	}
}

static char *
absolute(struct page_walk *w, struct slice ref)
{
	struct url u;
	char *s;

	if (ref.len == 0 || url_resolve(&u, &w->links.base, ref.p, ref.len) != 0)
		return NULL;
	if ((s = strdup(u.text)) == NULL)
		w->failed = true;
	return s;
}

/* "5; url='next.html'" as the HTML Standard reads it, leniently. */
static void
refresh(struct page_walk *w, struct slice v)
{
	size_t i = 0;
	char quote;

	while (i < v.len && (isspace((unsigned char)v.p[i]) || isdigit((unsigned char)v.p[i]) || v.p[i] == '.'))
		i++;
	while (i < v.len && (isspace((unsigned char)v.p[i]) || v.p[i] == ';' || v.p[i] == ','))
		i++;
	if (v.len - i >= 3 && strncasecmp(v.p + i, "url", 3) == 0) {
		i += 3;
		while (i < v.len && (isspace((unsigned char)v.p[i]) || v.p[i] == '='))
			i++;
	}
	v.p += i;
	v.len -= i;
	if (v.len > 0 && (*v.p == '"' || *v.p == '\'')) {
		const char *end;

		quote = *v.p++;
		v.len--;
		if ((end = memchr(v.p, quote, v.len)) != NULL)
			v.len = (size_t)(end - v.p);
	}
	w->doc->refresh = absolute(w, v);
}

static void
meta(struct page_walk *w, const struct dom_node *n)
{
	struct slice name = dom_attr(n, "name"), content = dom_attr(n, "content");
	struct document *doc = w->doc;

	if (content.len == 0)
		return;
	if (is_word(name, "description") && doc->description == NULL)
		doc->description = name_of_slice(w, content);
	else if (is_word(name, "robots"))
		robots(doc, content);
	else if (doc->refresh == NULL && is_word(dom_attr(n, "http-equiv"), "refresh"))
		refresh(w, content);
}

static void
base(struct page_walk *w, const struct dom_node *n)
{
	struct slice href = dom_attr(n, "href");

	if (w->has_base || href.p == NULL)
		return;
	w->has_base = true;
	(void)url_resolve(&w->links.base, &w->links.base, href.p, href.len);	/* a bad one is as none */
}

/* -- the walk ------------------------------------------------------------------ */

static void
link_to(struct page_walk *w, const struct dom_node *n, const char *attr)
{
	struct slice v = dom_attr(n, attr);

	if (v.len > 0)
		(void)links_resolve(&w->links, v, words_include(dom_attr(n, "rel"), "nofollow"));
}

static void
look_at(struct page_walk *w, const struct dom_node *n, enum dom_tag tag)
{
	switch (tag) {
	case DOM_A: case DOM_AREA:
		link_to(w, n, "href");
		break;
	case DOM_IFRAME: case DOM_FRAME:
		link_to(w, n, "src");
		break;
	case DOM_TITLE:
		if (w->doc->title == NULL)
			w->doc->title = name_of_text(w, n);
		break;
	case DOM_META:
		meta(w, n);
		break;
	case DOM_LINK:
		if (w->doc->canonical == NULL && words_include(dom_attr(n, "rel"), "canonical"))
			w->doc->canonical = absolute(w, dom_attr(n, "href"));
		break;
	case DOM_BASE:
		base(w, n);
		break;
	case DOM_BODY:
		if (w->body == NULL)
			w->body = n;
		break;
	case DOM_H1:
		if (w->h1 == NULL)
			w->h1 = n;
		break;
	default:
		break;
	}
}

static void
survey(struct page_walk *w, const struct dom_node *root)
{
	const struct dom_node *n = root, *next;

	for (;;) {
		enum dom_tag tag = dom_tag(n);

		if (tag != DOM_TEXT)
			look_at(w, n, tag);
		if (w->body != NULL)
			content_enter(&w->survey, n, tag);
		if ((next = dom_first(n)) != NULL) {
			n = next;
			continue;
		}
		for (;;) {
			if (w->body != NULL)
				content_leave(&w->survey, n);
			if (n == root)
				return;
			if ((next = dom_next(n)) != NULL)
				break;
			n = dom_parent(n);
		}
		n = next;
	}
}

static void
find_base(struct page_walk *w, const struct dom_node *root)	/* it counts for the links before it, too */
{
	for (const struct dom_node *head = dom_first(root); head != NULL; head = dom_next(head))
		if (dom_tag(head) == DOM_HEAD)
			for (const struct dom_node *n = dom_first(head); n != NULL; n = dom_next(n))
				if (dom_tag(n) == DOM_BASE)
					base(w, n);
}

/* The standard makes NUL this; MyHTML then cuts the text it stands in, Gumbo's strings end at it. */
static void
replace_nuls(struct text *out, const char *p, size_t len)
{
	const char *end = p + len, *nul;

	for (; (nul = memchr(p, '\0', (size_t)(end - p))) != NULL; p = nul + 1) {
		text_put(out, p, (size_t)(nul - p));
		text_puts(out, "\xef\xbf\xbd");
	}
	text_put(out, p, (size_t)(end - p));
}

int
extract_html(struct document *doc, const char *html, size_t len, const struct url *url)
{
	struct text clean = { 0 };
	struct page_walk *w = calloc(1, sizeof *w);
	const struct dom_node *root;
	struct main_content content;
	struct slice lang;
	struct dom *dom = NULL;
	size_t safe_len;
	bool is_cut;
	int rc = -ENOMEM;

	if (w == NULL)
		return -ENOMEM;
	w->doc = doc;
	links_init(&w->links, url);
	if (len == 0)
		html = "";		/* it may be NULL then */
	if (memchr(html, '\0', len) != NULL) {
		replace_nuls(&clean, html, len);
		if (clean.failed)
			goto done;
		html = clean.p;
		len = clean.len;
	}
	safe_len = markup_guard(html, len);
	if ((rc = dom_parse(&dom, html, safe_len)) < 0 || (root = dom_root(dom)) == NULL)
		goto done;
	is_cut = safe_len < len || rc == DOM_CUT;
	rc = 0;
	lang = dom_attr(root, "lang");
	if (lang.len == 0)
		lang = dom_attr(root, "xml:lang");
	doc->language = name_of_slice(w, lang);
	find_base(w, root);
	survey(w, root);
	if (doc->title == NULL && w->h1 != NULL)
		doc->title = name_of_text(w, w->h1);
	if (w->body != NULL) {
		content = content_choose(&w->survey, w->body);
		rc = html_markdown(&doc->markdown, &content, &w->links, url);
	}
	if (rc == 0 && (w->failed || w->links.failed))
		rc = -ENOMEM;
	if (rc == 0 && (is_cut || w->links.full))
		rc = -EMSGSIZE;
	links_take(&w->links, doc);
done:
	links_fini(&w->links);
	dom_free(dom);
	text_fini(&clean);
	free(w);
	return rc;
}
