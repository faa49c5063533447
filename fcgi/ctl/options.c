#include "config.h"

#include "ctl/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BIT(c) (UINT64_C(1) << COMMAND_##c)
#define EVERY	UINT64_MAX

static const struct {
	const char *name, *word;	/* word: what its one argument is called */
} commands[N_COMMANDS] = {
	[COMMAND_CRAWL]	  = { "crawl", "URL" },
	[COMMAND_LIST]	  = { "list", NULL },
	[COMMAND_WATCH]	  = { "watch", "ID" },
	[COMMAND_STOP]	  = { "stop", "ID" },
	[COMMAND_PAUSE]	  = { "pause", "ID" },
	[COMMAND_RESUME]  = { "resume", "ID" },
	[COMMAND_RETRY]	  = { "retry", "ID" },
	[COMMAND_REFRESH] = { "refresh", "SOURCE" },
	[COMMAND_FAILURES] = { "failures", "ID" },
	[COMMAND_UPLOAD]  = { "upload", "FILE" },
	[COMMAND_SEARCH]  = { "search", "TEXT" },
	[COMMAND_SOURCES] = { "sources", NULL },
	[COMMAND_SHOW]	  = { "show", "SOURCE" },
	[COMMAND_EDIT]	  = { "edit", "SOURCE" },
	[COMMAND_DELETE]  = { "delete", "SOURCE" },
	[COMMAND_EXPORT]  = { "export", "DIR" },
	[COMMAND_IMPORT]  = { "import", "FILE" },
	[COMMAND_BACKUP]  = { "backup", "FILE" },
	[COMMAND_RESTORE] = { "restore", "FILE" },
	[COMMAND_CHECK]	  = { "check", NULL },
	[COMMAND_DOCTOR]  = { "doctor", NULL },
	[COMMAND_VACUUM]  = { "vacuum", NULL },
	[COMMAND_STAT]	  = { "stat", NULL },
	[COMMAND_TOP]	  = { "top", NULL },
	[COMMAND_HEALTH]  = { "health", NULL },
	[COMMAND_LOGS]	  = { "logs", NULL },
	[COMMAND_LOGS_PUSH] = { "logs push", "TEXT" },
	[COMMAND_LOGS_RUN]  = { "logs run", "COMMAND" },
	[COMMAND_TOKEN_ADD] = { "token add", "NAME" },
	[COMMAND_TOKEN_LIST] = { "token list", NULL },
	[COMMAND_TOKEN_REVOKE] = { "token revoke", "NAME" },
};

/* In the order of long_options[], which getopt_long() wants in its own shape. */
enum {
	OPT_URL, OPT_CONFIG, OPT_JSON, OPT_HELP, OPT_CHECK, OPT_VERSION, OPT_DEPTH, OPT_MAX_PAGES, OPT_CONCURRENCY,
	OPT_TAG, OPT_TYPE, OPT_INCLUDE, OPT_EXCLUDE, OPT_DETACH, OPT_ALL, OPT_CODE, OPT_SOURCE, OPT_LIMIT,
	OPT_WATCH, OPT_DUMP, OPT_FOLLOW, OPT_RAW, OPT_LEVEL, OPT_SINCE, OPT_LOGGER, OPT_RESTART,
	OPT_TITLE, OPT_DESCRIPTION, OPT_EVERY, OPT_SCOPE, OPT_DAYS, N_OPTIONS,
};
static const struct option long_options[N_OPTIONS + 1] = {
	[OPT_URL]	  = { "url", required_argument, NULL, OPT_URL },
	[OPT_CONFIG]	  = { "config", required_argument, NULL, OPT_CONFIG },
	[OPT_JSON]	  = { "json", no_argument, NULL, OPT_JSON },
	[OPT_HELP]	  = { "help", no_argument, NULL, OPT_HELP },
	[OPT_CHECK]	  = { "check-config", no_argument, NULL, OPT_CHECK },
	[OPT_VERSION]	  = { "version", no_argument, NULL, OPT_VERSION },
	[OPT_DEPTH]	  = { "depth", required_argument, NULL, OPT_DEPTH },
	[OPT_MAX_PAGES]	  = { "max-pages", required_argument, NULL, OPT_MAX_PAGES },
	[OPT_CONCURRENCY] = { "concurrency", required_argument, NULL, OPT_CONCURRENCY },
	[OPT_TAG]	  = { "tag", required_argument, NULL, OPT_TAG },
	[OPT_TYPE]	  = { "type", required_argument, NULL, OPT_TYPE },
	[OPT_INCLUDE]	  = { "include", required_argument, NULL, OPT_INCLUDE },
	[OPT_EXCLUDE]	  = { "exclude", required_argument, NULL, OPT_EXCLUDE },
	[OPT_DETACH]	  = { "detach", no_argument, NULL, OPT_DETACH },
	[OPT_ALL]	  = { "all", no_argument, NULL, OPT_ALL },
	[OPT_CODE]	  = { "code", no_argument, NULL, OPT_CODE },
	[OPT_SOURCE]	  = { "source", required_argument, NULL, OPT_SOURCE },
	[OPT_LIMIT]	  = { "limit", required_argument, NULL, OPT_LIMIT },
	[OPT_WATCH]	  = { "watch", no_argument, NULL, OPT_WATCH },
	[OPT_DUMP]	  = { "dump", no_argument, NULL, OPT_DUMP },
	[OPT_FOLLOW]	  = { "follow", no_argument, NULL, OPT_FOLLOW },
	[OPT_RAW]	  = { "raw", no_argument, NULL, OPT_RAW },
	[OPT_LEVEL]	  = { "level", required_argument, NULL, OPT_LEVEL },
	[OPT_SINCE]	  = { "since", required_argument, NULL, OPT_SINCE },
	[OPT_LOGGER]	  = { "logger", required_argument, NULL, OPT_LOGGER },
	[OPT_RESTART]	  = { "restart", no_argument, NULL, OPT_RESTART },
	[OPT_TITLE]	  = { "title", required_argument, NULL, OPT_TITLE },
	[OPT_DESCRIPTION] = { "description", required_argument, NULL, OPT_DESCRIPTION },
	[OPT_EVERY]	  = { "every", required_argument, NULL, OPT_EVERY },
	[OPT_SCOPE]	  = { "scope", required_argument, NULL, OPT_SCOPE },
	[OPT_DAYS]	  = { "days", required_argument, NULL, OPT_DAYS },
};
static const uint64_t belongs_to[N_OPTIONS] = {
	[OPT_URL] = EVERY, [OPT_CONFIG] = EVERY, [OPT_JSON] = EVERY, [OPT_HELP] = EVERY, [OPT_CHECK] = EVERY,
	[OPT_VERSION] = EVERY,
	[OPT_DEPTH] = BIT(CRAWL), [OPT_MAX_PAGES] = BIT(CRAWL), [OPT_CONCURRENCY] = BIT(CRAWL),
	[OPT_TAG] = BIT(CRAWL) | BIT(UPLOAD) | BIT(SEARCH) | BIT(EDIT), [OPT_TYPE] = BIT(CRAWL) | BIT(UPLOAD) | BIT(SEARCH) | BIT(EDIT),
	[OPT_INCLUDE] = BIT(CRAWL), [OPT_EXCLUDE] = BIT(CRAWL), [OPT_DETACH] = BIT(CRAWL) | BIT(UPLOAD),
	[OPT_ALL] = BIT(LIST), [OPT_CODE] = BIT(SEARCH), [OPT_SOURCE] = BIT(SEARCH) | BIT(EXPORT), [OPT_LIMIT] = BIT(SEARCH) | BIT(LOGS),
	[OPT_WATCH] = BIT(STAT), [OPT_DUMP] = BIT(STAT),
	[OPT_FOLLOW] = BIT(LOGS), [OPT_SINCE] = BIT(LOGS), [OPT_LEVEL] = BIT(LOGS) | BIT(LOGS_PUSH),
	[OPT_LOGGER] = BIT(LOGS_PUSH) | BIT(LOGS_RUN), [OPT_RESTART] = BIT(LOGS_RUN), [OPT_RAW] = BIT(WATCH),
	[OPT_TITLE] = BIT(EDIT), [OPT_DESCRIPTION] = BIT(EDIT), [OPT_EVERY] = BIT(EDIT),
	[OPT_SCOPE] = BIT(TOKEN_ADD), [OPT_DAYS] = BIT(TOKEN_ADD),
};

static int
number(long *out, const char *name, const char *s, struct err *e)
{
	char *end;
	long v;

	errno = 0;
	v = strtol(s, &end, 10);
	if (end == s || *end != '\0' || errno != 0 || v < 0)
		return err_set(e, -EINVAL, "--%s takes a number, not '%s'", name, s);
	*out = v;
	return 0;
}

static int
list_add(struct options_list *l, const char *name, const char *s, struct err *e)
{
	if (l->n == OPTIONS_LIST_MAX)
		return err_set(e, -EINVAL, "--%s may be given %d times at most", name, OPTIONS_LIST_MAX);
	l->item[l->n++] = s;
	return 0;
}

static int
take(struct options *o, int opt, const char *arg, struct err *e)
{
	const char *name = long_options[opt].name;

	switch (opt) {
	case OPT_URL:	  o->url = arg; return 0;
	case OPT_CONFIG:  o->config = arg; return 0;
	case OPT_JSON:	  o->json = true; return 0;
	case OPT_HELP:	  o->help = true; return 0;
	case OPT_CHECK:	  o->check = true; return 0;
	case OPT_VERSION: o->version = true; return 0;
	case OPT_DETACH:  o->detach = true; return 0;
	case OPT_ALL:	  o->all = true; return 0;
	case OPT_CODE:	  o->code = true; return 0;
	case OPT_WATCH:	  o->watch = true; return 0;
	case OPT_DUMP:	  o->dump = true; return 0;
	case OPT_FOLLOW:  o->follow = true; return 0;
	case OPT_RAW:	  o->raw = true; return 0;
	case OPT_RESTART: o->restart = true; return 0;
	case OPT_LEVEL:	  o->level = arg; return 0;
	case OPT_LOGGER:  o->logger = arg; return 0;
	case OPT_TYPE:	  o->type = arg; return 0;
	case OPT_SOURCE:  o->source = arg; return 0;
	case OPT_TITLE:	  o->title = arg; return 0;
	case OPT_SCOPE:	  o->scope = arg; return 0;
	case OPT_DAYS:	      return number(&o->days, name, arg, e);
	case OPT_DESCRIPTION: o->description = arg; return 0;
	case OPT_EVERY:	      return number(&o->every, name, arg, e);
	case OPT_DEPTH:	      return number(&o->depth, name, arg, e);
	case OPT_MAX_PAGES:   return number(&o->max_pages, name, arg, e);
	case OPT_CONCURRENCY: return number(&o->concurrency, name, arg, e);
	case OPT_LIMIT:	      return number(&o->limit, name, arg, e);
	case OPT_SINCE:	      return number(&o->since, name, arg, e);
	case OPT_TAG:	  return list_add(&o->tags, name, arg, e);
	case OPT_INCLUDE: return list_add(&o->include, name, arg, e);
	case OPT_EXCLUDE: return list_add(&o->exclude, name, arg, e);
	}
	return -EINVAL;
}

/* The command that n words begin with; *used of them are its name. */
static enum command
command_of(int n, char **words, int *used)
{
	enum command found = COMMAND_NONE;
	char two[32];

	*used = 1;
	for (int c = 1; c < N_COMMANDS; c++)
		if (strcmp(words[0], commands[c].name) == 0)
			found = (enum command)c;
	if (n < 2)
		return found;
	(void)snprintf(two, sizeof two, "%s %s", words[0], words[1]);
	for (int c = 1; c < N_COMMANDS; c++)
		if (strcmp(two, commands[c].name) == 0) {
			*used = 2;
			return (enum command)c;
		}
	return found;
}

static int
take_words(struct options *o, int n, char **words, struct err *e)
{
	const char *want;
	bool many;
	int used;

	if (n == 0)
		return err_set(e, -EINVAL, "which command?  See archonctl --help");
	if ((o->command = command_of(n, words, &used)) == COMMAND_NONE)
		return err_set(e, -EINVAL, "no command '%s'.  See archonctl --help", words[0]);
	want = commands[o->command].word;
	many = o->command == COMMAND_LOGS_RUN || o->command == COMMAND_UPLOAD;
	words += used;
	n -= used;
	if (want != NULL && n < 1)
		return err_set(e, -EINVAL, "%s needs its %s", commands[o->command].name, want);
	if (n > (want != NULL) && !many)
		return err_set(e, -EINVAL, "%s: '%s' is one word too many%s", commands[o->command].name, words[want != NULL],
		    want != NULL && strcmp(want, "TEXT") == 0 ? " (put the text in quotes)" : "");
	o->word = want != NULL ? words[0] : NULL;
	o->argv = many ? words : NULL;
	return 0;
}

int
options_parse(struct options *out, int argc, char **argv, struct err *e)
{
	struct options o = { .depth = -1, .max_pages = -1, .concurrency = -1, .limit = -1, .since = -1, .every = -1, .days = -1 };
	uint64_t given = 0;
	int c, rc;

	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, ":hf", long_options, NULL)) != -1) {
		if (c == 'h')
			c = OPT_HELP;
		if (c == 'f')
			c = OPT_FOLLOW;
		if (c == ':')
			return err_set(e, -EINVAL, "%s needs a value", argv[optind - 1]);
		if (c == '?')
			return err_set(e, -EINVAL, "no option '%s'.  See archonctl --help", argv[optind - 1]);
		if ((rc = take(&o, c, optarg, e)) != 0)
			return rc;
		given |= UINT64_C(1) << c;
	}
	if (!o.help && !o.version && !o.check) {
		if ((rc = take_words(&o, argc - optind, argv + optind, e)) != 0)
			return rc;
		for (int i = 0; i < N_OPTIONS; i++)
			if ((given >> i & 1) != 0 && (belongs_to[i] >> o.command & 1) == 0)
				return err_set(e, -EINVAL, "%s has no option --%s",
				    commands[o.command].name, long_options[i].name);
	}
	*out = o;
	return 0;
}

void
options_help(void)
{
	fputs(
"usage: archonctl [OPTION...] COMMAND\n"
"  crawl URL       crawl a site and follow it; Ctrl-C cancels it\n"
"                  --depth N  --max-pages N  --concurrency N  --tag T  --type T\n"
"                  --include GLOB  --exclude GLOB  --detach (do not follow)\n"
"  upload FILE...  add documents: --tag T  --type T  --detach\n"
"  list [--all]    crawls under way, or also the ended ones   failures ID  what failed\n"
"  watch ID        follow one (--raw: each message)   stop ID   pause ID   resume ID   retry ID\n"
"  search TEXT     --code (examples)  --source ID  --tag T  --type T  --limit N\n"
"  sources         what is known   show SOURCE   delete SOURCE   refresh SOURCE\n"
"  edit SOURCE     --title T  --description T  --tag T  --type T  --every DAYS\n"
"  export DIR      as Markdown, and as JSON lines: --source ID    import FILE  those lines\n"
"  backup FILE     copy the store while it is used     vacuum  make it small\n"
"  restore FILE    put such a copy in its place, archon stopped    check  is all sound?\n"
"  health          is all there?   doctor  what is set up wrong here, and what to do about it\n"
"  top             what goes on, live   stat  the table: --watch  --dump\n"
"  logs [-f]       the log, and what comes: --level L  --since N  --limit N\n"
"  logs push TEXT  add to it (-: each line of stdin): --level L  --logger NAME\n"
"  logs run -- COMMAND...  with what that prints: --logger NAME  --restart\n"
"  token add NAME  --scope read|crawl|admin  --days N   token list   token revoke NAME\n"
"\n"
"  --url URL       http://host:port or unix:PATH; else $ARCHON_URL, public_url; sends $ARCHON_TOKEN\n"
"  --config FILE   archon.conf;  --check-config  is it good? status 0 or 1\n"
"  --json          JSON; a crawl that is followed: one snapshot a line\n"
"exit status: 0 done, 1 failed, 2 cancelled, 64 usage, 69 nothing answers\n", stdout);
}
