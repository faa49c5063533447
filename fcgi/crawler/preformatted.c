#include "config.h"

#include "crawler/preformatted.h"

#include <stdbool.h>

#include "crawler/maincontent.h"
#include "crawler/words.h"

/* -- text ------------------------------------------------------------------ */

static void
put_plain_spaces(struct text *out, struct slice s)	/* a no-break space in code is a typographer's */
{
	const char *p = s.p, *end = s.p + s.len, *q;

	while ((q = memchr(p, 0xc2, (size_t)(end - p))) != NULL) {
		if (q + 1 < end && (unsigned char)q[1] == 0xa0) {
			text_put(out, p, (size_t)(q - p));
			text_putc(out, ' ');
			p = q + 2;
		} else {
			text_put(out, p, (size_t)(q + 1 - p));
			p = q + 1;
		}
	}
	text_put(out, p, (size_t)(end - p));
}

static bool
is_line_number(const struct dom_node *n, enum dom_tag tag)
{
	static const char *const number_class[WORD_MAX + 1] = {
		[2] = "ln", [3] = "lnt" "lno", [6] = "lineno", [7] = "linenos" "linenum" "line-no",
		[9] = "linenodiv", [11] = "line-number", [12] = "line-numbers",
	};
	struct slice v, w;
	size_t at = 0;

	if (tag != DOM_SPAN && tag != DOM_TD && tag != DOM_A && tag != DOM_DIV)
		return false;
	v = dom_attr(n, "class");
	while (words_next(v.p, v.len, &at, &w.p, &w.len))
		if (words_have(number_class, w.p, w.len))
			return true;
	return false;
}

static void
end_line(struct text *out)
{
	if (out->len > 0 && out->p[out->len - 1] != '\n')
		text_putc(out, '\n');
}

void
preformatted_text(struct text *out, const struct dom_node *top)
{
	const struct dom_node *n = dom_first(top), *next;
	bool is_pre = dom_tag(top) != DOM_DIV, after_number = false;
	size_t div_at = 0;			/* where the line that is a <div> starts */

	text_clear(out);
	while (n != NULL) {
		enum dom_tag tag = dom_tag(n);
		bool skip = tag == DOM_TEXT || tag == DOM_BR;

		if (tag == DOM_TEXT) {
			struct slice s = dom_text(n);

			if (after_number && s.len >= 2 && memcmp(s.p, "\u00a0", 2) == 0)
				s.p += 2, s.len -= 2;	/* Doxygen's gap behind the number */
			if (is_pre || dom_parent(n) != top)	/* between <div>s it is the page's own layout */
				put_plain_spaces(out, s);
			after_number = false;
		} else if (tag == DOM_BR) {
			text_putc(out, '\n');
		} else if (is_line_number(n, tag)) {
			skip = after_number = true;
		} else {
			skip = content_kind(n, tag, true) == CONTENT_FURNITURE;
		}
		if (tag == DOM_DIV)
			div_at = out->len;
		if (!skip && (next = dom_first(n)) != NULL) {
			n = next;
			continue;
		}
		for (;; n = dom_parent(n)) {	/* up to where there is a next one */
			if (n == top) {
				n = NULL;
				break;
			}
			if (dom_tag(n) == DOM_DIV && !skip) {
				if (out->len == div_at)
					text_putc(out, '\n');
				else
					end_line(out);
			}
			skip = false;		/* what is around it is not left out */
			if ((next = dom_next(n)) != NULL) {
				n = next;
				break;
			}
		}
	}
}

void
inline_code_text(struct text *out, const struct dom_node *top)
{
	const struct dom_node *n = dom_first(top);

	text_clear(out);
	while (n != NULL) {
		enum dom_tag tag = dom_tag(n);

		if (tag == DOM_TEXT) {
			struct slice s = dom_text(n);

			for (const char *q; s.len >= 3 && (q = memmem(s.p, s.len, "\u200b", 3)) != NULL;) {
				put_plain_spaces(out, (struct slice){ s.p, (size_t)(q - s.p) });
				s.len -= (size_t)(q - s.p) + 3;	/* javadoc's places to break */
				s.p = q + 3;
			}
			put_plain_spaces(out, s);
		} else if (tag == DOM_BR) {
			text_putc(out, ' ');
		} else if (content_kind(n, tag, true) == CONTENT_FURNITURE) {
			n = dom_skip(n, top);
			continue;
		}
		n = dom_step(n, top);
	}
}

/* -- language -------------------------------------------------------------- */

static const char *const no_language[WORD_MAX + 1] = {
	[3] = "txt", [4] = "none" "text", [5] = "plain" "guess", [7] = "default", [9] = "plaintext",
	[11] = "nohighlight" "notranslate",
};
/* Names that stand alone as a class of <pre> or <code>. */
static const char *const bare_language[WORD_MAX + 1] = {
	[1] = "c", [2] = "js" "ts" "go" "sh", [3] = "cpp" "css" "sql" "xml" "php" "lua",
	[4] = "rust" "java" "json" "html" "bash" "yaml" "ruby" "perl" "diff" "toml", [5] = "swift" "scala",
	[6] = "python" "kotlin" "csharp" "fsharp", [7] = "haskell" "console",
	[10] = "javascript" "typescript",
};

static bool
is_name(struct slice s)
{
	if (s.len == 0 || s.len > WORD_MAX)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    c == '+' || c == '#' || c == '.' || c == '-' || c == '_'))
			return false;
	}
	return true;
}

static bool
after_prefix(struct slice w, struct slice *rest)
{
	static const struct slice prefix[] = {
		SLICE_LIT("language-"), SLICE_LIT("lang-"), SLICE_LIT("highlight-source-"),
		SLICE_LIT("highlight-"), SLICE_LIT("src-"),
	};

	for (size_t i = 0; i < sizeof prefix / sizeof prefix[0]; i++)
		if (w.len > prefix[i].len && memcmp(w.p, prefix[i].p, prefix[i].len) == 0) {
			*rest = (struct slice){ w.p + prefix[i].len, w.len - prefix[i].len };
			return true;
		}
	return false;
}

/* 1: *language is known; 0: it says nothing; -1: it says "no language". */
static int
language_of(const struct dom_node *n, enum dom_tag tag, struct slice *language)
{
	static const char *const attr[] = { "data-lang", "data-language", "data-enlighter-language", "lang" };
	bool is_code = tag == DOM_PRE || tag == DOM_CODE, brush = false, source_code = false;
	struct slice v = dom_attr(n, "class"), w;
	size_t at = 0;

	while (words_next(v.p, v.len, &at, &w.p, &w.len)) {
		if (brush) {			/* "brush: java;" */
			while (w.len > 0 && w.p[w.len - 1] == ';')
				w.len--;
		} else if (slice_is(w, "brush:")) {
			brush = true;
			continue;
		} else if (slice_is(w, "phpcode")) {
			*language = SLICE_LIT("php");
			return 1;
		} else if (slice_is(w, "sourceCode")) {
			source_code = true;	/* Pandoc: the other class is the language */
			continue;
		} else if (!after_prefix(w, &w) && !source_code && !(is_code && words_have(bare_language, w.p, w.len))) {
			continue;
		}
		if (words_have(no_language, w.p, w.len))
			return -1;
		if (is_name(w) && !slice_is(w, "line-numbers") && !slice_is(w, "numberLines") && !slice_is(w, "numberSource")) {
			*language = w;
			return 1;
		}
	}
	for (size_t i = 0; i < sizeof attr / sizeof attr[0] - !is_code; i++) {
		w = dom_attr(n, attr[i]);
		if (w.len > 0 && words_have(no_language, w.p, w.len))
			return -1;
		if (is_name(w)) {
			*language = w;
			return 1;
		}
	}
	return 0;
}

struct slice
preformatted_language(const struct dom_node *n)
{
	const struct dom_node *code = dom_first(n);
	struct slice language = SLICE_LIT("");
	enum dom_tag tag = dom_tag(n);
	int rc = language_of(n, tag, &language);

	for (unsigned down = 0; rc == 0 && down < 2; down++) {	/* <pre><code>, <pre><pre><code> */
		while (code != NULL && dom_tag(code) == DOM_TEXT)
			code = dom_next(code);
		if (code == NULL || ((tag = dom_tag(code)) != DOM_CODE && tag != DOM_PRE))
			break;
		rc = language_of(code, tag, &language);
		code = dom_first(code);
	}
	for (unsigned up = 0; rc == 0 && up < 7 && (n = dom_parent(n)) != NULL; up++) {
		tag = dom_tag(n);
		if (tag != DOM_DIV && tag != DOM_FIGURE && tag != DOM_TD && tag != DOM_TR && tag != DOM_TBODY &&
		    tag != DOM_TABLE && tag != DOM_CODE)
			break;
		rc = language_of(n, tag, &language);
	}
	return language;
}
