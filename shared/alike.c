/*
 * A group belongs into the table when any developer would expect it, whatever the manual
 * and the question: what one manual alone calls a thing is not for here.
 */
#include "config.h"

#include "shared/alike.h"

#include <ctype.h>
#include <string.h>

enum { COMMON_BYTES_MIN = 3 };		/* what two forms of a word begin with alike, at least */

static const char *const groups[] = {
	/* one word, where its forms have no ending in common */
	"begin began begun", "break broke broken", "build built", "child children", "choose chose chosen",
	"find found", "get got", "give gave given", "grow grew grown", "hide hidden", "index indices", "keep kept",
	"lose lost loss", "make made", "send sent", "take took taken", "throw thrown", "understand understood",
	"write wrote written",

	/* a word and what it is cut down to */
	"admin administrator", "app application", "arg argument", "async asynchronous asynchronously",
	"attr attribute", "auth authentication", "auto automatic automatically", "bool boolean", "char character",
	"cmd command", "config configuration configure", "db database", "dest dst destination",
	"dev developer development", "diff difference", "dir directory", "doc documentation", "env environment",
	"err error", "exec execute", "expr expression", "func function", "info information", "init initialize",
	"int integer", "len length", "lib library", "max maximum", "mem memory", "min minimum", "msg message",
	"num number", "obj object", "op operation operator", "param parameter", "pkg package", "pos position",
	"prev previous", "proc process", "prop property", "ref reference", "regex regexp", "repo repository",
	"src source", "stat statistic", "str string", "sync synchronize synchronous", "temp tmp temporary",
	"val value", "var variable",

	/* several words for one thing */
	"abort cancel interrupt terminate kill stop", "absent missing lacking", "accelerate speed faster quicker",
	"accept allow permit", "access permission privilege right", "account user role", "add append insert",
	"administrator superuser root", "afterwards later", "alias synonym nickname", "alter change modify edit",
	"annotate comment", "argument parameter option flag switch", "array list", "ask prompt", "assign set",
	"assure ensure guarantee", "attach connect", "authenticate login logon", "average mean", "avoid prevent",
	"background daemon", "bad invalid wrong incorrect", "begin start", "big large huge", "blank empty",
	"boundary limit", "branch fork", "bring retrieve fetch get", "bug defect", "bypass skip",
	"calculate compute", "call invoke", "carry execute run", "catch handle", "certain specific particular",
	"character letter", "check verify validate test", "choose select pick", "clean purge",
	"clone copy duplicate", "close shutdown", "collect gather", "column field", "combine merge join concatenate",
	"command statement", "compact shrink reduce", "compress zip", "concurrent parallel simultaneous",
	"condition predicate", "config settings preferences", "convert cast transform",
	"corrupt damaged malformed broken", "count number", "crash failure", "create make new",
	"credentials password", "current present", "cut truncate", "daemon server service", "deadline timeout",
	"default standard", "defer delay postpone", "delete remove drop erase discard",
	"deny refuse reject forbid prohibit", "depend require need", "describe explain", "destination target",
	"detect discover", "determine find", "dictionary map mapping hash", "different distinct", "directory folder",
	"disable deactivate off", "disk storage", "display show print", "divide split separate", "download fetch",
	"dump backup", "duplicate unique distinct", "embedded inner nested", "enable activate on", "encrypt cipher",
	"end finish complete", "error exception failure", "escape quote", "estimate guess", "event notification",
	"examine inspect", "example sample", "exclude ignore omit", "exit quit", "expire timeout", "export dump",
	"extend expand", "fail error", "fast quick", "filter restrict", "find search locate lookup", "first initial",
	"fix repair correct", "format layout", "free release", "function method procedure routine",
	"generate produce", "global shared", "grow increase", "halt stop", "host server machine computer",
	"identical same equal", "identifier id key name", "image picture", "import load", "improve optimize",
	"include contain", "install setup", "interval duration period", "isolate separate", "item element entry",
	"iterate loop", "job task", "last final", "latest newest", "launch start", "link reference",
	"list enumerate", "log record", "log trace", "memory ram", "method approach", "mirror replica",
	"mistake error", "move rename", "multiple several many", "network socket", "notify inform", "null none nil",
	"number numeric", "often frequently", "old obsolete deprecated", "old previous former", "order sort",
	"original source", "output print", "overwrite replace", "paste insert", "path location",
	"pattern wildcard glob", "pause sleep wait", "performance speed", "plugin extension module", "prefix start",
	"problem trouble", "program application software", "property attribute", "publish share", "pull fetch",
	"push upload", "query select", "random arbitrary", "range interval", "read load", "rebuild recreate",
	"record row tuple", "recover restore", "recursive nested", "redirect forward", "refresh update reload",
	"register subscribe", "release version", "remember cache memoize", "repeat retry", "replace substitute",
	"reset clear", "resolve fix", "restart reload", "restart resume", "retain preserve keep", "return yield",
	"reverse backwards", "revert undo rollback", "rule policy", "safe secure", "save store write persist",
	"script program", "security protection", "send transmit", "sequence series",
	"serialize marshal", "set configure", "sign signature", "size length", "slow performance",
	"snapshot copy", "space storage", "stale outdated", "store keep", "string text", "subset part",
	"suffix ending", "summary overview", "suppress silence", "terminal console",
	"thread concurrency", "throw raise", "timestamp date time", "total sum", "trace debug", "track follow",
	"transaction commit", "translate convert", "type kind", "uninstall remove", "update upgrade",
	"upgrade migrate", "uppercase capital", "url address link", "view see", "wait block", "warning notice",
	"whole entire complete full", "zero null",
};

static bool
is_one_of(struct slice s, const char *const *list)
{
	for (; *list != NULL; list++)
		if (slice_is(s, *list))
			return true;
	return false;
}

/* Endings that a word has or has not, behind what its forms have in common. */
static bool
is_ending(struct slice s, char before)
{
	static const char *const any[] = { "", "e", "s", "es", "d", "ed", "ing", "ion", "ions", NULL };
	static const char *const doubled[] = { "ed", "ing", NULL };

	return is_one_of(s, any) || (s.len > 0 && s.p[0] == before && is_one_of((struct slice){ s.p + 1, s.len - 1 }, doubled));
}

bool
alike_is_form(struct slice a, struct slice b)
{
	static const char *const of_y[] = { "y", "ies", "ied", NULL };
	struct slice end_a, end_b;
	size_t n = 0;

	while (n < a.len && n < b.len && tolower((unsigned char)a.p[n]) == tolower((unsigned char)b.p[n]))
		n++;
	end_a = (struct slice){ a.p + n, a.len - n };
	end_b = (struct slice){ b.p + n, b.len - n };
	if (end_a.len == 0 && end_b.len == 0)
		return true;
	if (n < COMMON_BYTES_MIN)
		return false;
	if (end_a.len + end_b.len == 1 && (slice_is(end_a, "e") || slice_is(end_b, "e")))	/* "plan", "plane" */
		return false;
	if (end_a.len + end_b.len == 1 && (slice_is(end_a, "d") || slice_is(end_b, "d")) && a.p[n - 1] != 'e')
		return false;
	return (is_ending(end_a, a.p[n - 1]) && is_ending(end_b, b.p[n - 1])) || (is_one_of(end_a, of_y) && is_one_of(end_b, of_y));
}

/* The next word of a group at *p, which is moved behind it.  False: there is none. */
static bool
next_word(const char **p, struct slice *out)
{
	*p += **p == ' ';
	*out = (struct slice){ *p, strcspn(*p, " ") };
	*p += out->len;
	return out->len > 0;
}

static bool
is_in(struct slice word, const char *group)
{
	struct slice w;

	while (next_word(&group, &w))
		if (tolower((unsigned char)word.p[0]) == w.p[0] && alike_is_form(word, w))	/* most differ here already */
			return true;
	return false;
}

unsigned
alike_words(struct slice word, struct slice out[ALIKE_MAX])
{
	unsigned n = 0;

	if (word.len == 0)
		return 0;
	for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
		const char *p = groups[i];
		struct slice w;

		if (!is_in(word, p))
			continue;
		while (n < ALIKE_MAX && next_word(&p, &w)) {
			bool had = alike_is_form(word, w);

			for (unsigned k = 0; k < n; k++)
				had |= alike_is_form(out[k], w);
			if (!had)
				out[n++] = w;
		}
	}
	return n;
}
