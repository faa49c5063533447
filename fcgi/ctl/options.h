/*
 * options - the command line of archonctl: one table of options, each with the
 * commands it belongs to.  Options and words may stand in any order.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>

#include "shared/err.h"

enum { OPTIONS_LIST_MAX = 20 };

enum command {
	COMMAND_NONE, COMMAND_CRAWL, COMMAND_LIST, COMMAND_WATCH, COMMAND_STOP,
	COMMAND_PAUSE, COMMAND_RESUME, COMMAND_RETRY, COMMAND_REFRESH, COMMAND_FAILURES, COMMAND_UPLOAD,
	COMMAND_SEARCH, COMMAND_SOURCES, COMMAND_SHOW, COMMAND_EDIT, COMMAND_DELETE,
	COMMAND_EXPORT, COMMAND_IMPORT, COMMAND_BACKUP, COMMAND_RESTORE, COMMAND_CHECK, COMMAND_DOCTOR, COMMAND_VACUUM,
	COMMAND_STAT, COMMAND_TOP, COMMAND_HEALTH, COMMAND_LOGS, COMMAND_LOGS_PUSH, COMMAND_LOGS_RUN,
	COMMAND_TOKEN_ADD, COMMAND_TOKEN_LIST, COMMAND_TOKEN_REVOKE, N_COMMANDS,
};

struct options_list {
	unsigned    n;
	const char *item[OPTIONS_LIST_MAX];
};

struct options {		/* strings are borrowed from argv */
	enum command command;
	const char  *word;	/* URL, ID or TEXT; NULL when the command takes none */
	char	   **argv;	/* of `logs run`: what to run; of `upload`: the files; NULL-terminated */
	const char  *url, *config;
	bool	     json, help, version, check;
	bool	     all, code, detach, watch, dump, follow, raw, restart;
	long	     depth, max_pages, concurrency, limit, since, every, days;	/* -1: not given */
	const char  *type, *source, *level, *logger, *title, *description, *scope;
	struct options_list tags, include, exclude;
};

/* 0, or -EINVAL with e filled. */
int options_parse(struct options *out, int argc, char **argv, struct err *e);

void options_help(void);	/* to stdout */

#endif
