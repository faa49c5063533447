/*
 * ctl - archonctl: what its commands have in common.  A command returns the
 * exit status of the program.
 */
#ifndef CTL_H
#define CTL_H

#include <stdbool.h>

#include "ctl/options.h"
#include "shared/conf.h"

enum ctl_status {		/* also in --help */
	CTL_DONE = 0,
	CTL_FAILED = 1,
	CTL_CANCELLED = 2,
	CTL_USAGE = 64,		/* EX_USAGE; also what the server calls invalid */
	CTL_UNREACHABLE = 69,	/* EX_UNAVAILABLE */
	CTL_LEFT = 130,		/* Ctrl-C twice: the crawl goes on or is being cancelled */
};

enum { CTL_URL_BYTES = 1024 };

struct ctl {
	struct conf    conf;
	const char    *conf_path;		/* of it, whether or not it is there */
	struct options opt;
	char	       base[CTL_URL_BYTES];	/* "http://host:port", no slash at the end */
	char	       unix_path[108];		/* connect here instead, when not empty */
	const char    *token;			/* $ARCHON_TOKEN, borrowed; NULL: none is sent */
	int	       call_ms;			/* longest that a request may take; 0: some 30 s */
	bool	       tty;			/* stdout is a terminal */
};

typedef int ctl_command_f(const struct ctl *ctl);

ctl_command_f cmd_crawl, cmd_watch, cmd_stop;			/* cmd_crawl.c */
ctl_command_f cmd_list, cmd_sources, cmd_health;		/* cmd_ask.c */
ctl_command_f cmd_search;					/* cmd_search.c */
ctl_command_f cmd_pause, cmd_resume, cmd_retry, cmd_refresh, cmd_failures;	/* cmd_steer.c */
ctl_command_f cmd_upload;					/* cmd_upload.c */
ctl_command_f cmd_show, cmd_edit, cmd_delete;			/* cmd_items.c */
ctl_command_f cmd_export;					/* cmd_export.c */
ctl_command_f cmd_import;					/* cmd_import.c */
ctl_command_f cmd_backup, cmd_restore, cmd_check, cmd_vacuum;	/* cmd_store.c */
ctl_command_f cmd_token_add, cmd_token_list, cmd_token_revoke;	/* cmd_token.c */
ctl_command_f cmd_doctor;					/* cmd_doctor.c */
ctl_command_f cmd_stat;						/* cmd_stat.c */
ctl_command_f cmd_top;						/* cmd_top.c */
ctl_command_f cmd_logs, cmd_logs_push;				/* cmd_logs.c */
ctl_command_f cmd_logs_run;					/* cmd_logs_run.c */
/* The store itself, for those who may.  -errno with e saying what to do. */
struct store;
int ctl_store_open(const struct ctl *ctl, struct store **out, struct err *e);	/* cmd_store.c */
int watch_raw(const struct ctl *ctl);				/* cmd_watch_raw.c */

/* cmd_crawl.c: a member of JSON, or without key a value.  None when the list is empty; '' makes it an empty array. */
struct text;
void put_list(struct text *t, const char *key, const struct options_list *l);

/* cmd_crawl.c: show the crawl's snapshots up to its end.  The first Ctrl-C cancels it, the next leaves. */
struct follow;
int crawl_follow(const struct ctl *ctl, struct follow *f, const char *id);

#endif
