/* archonctl - the operator's and script's tool: see options_help(). */
#include "config.h"

#include <curl/curl.h>
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "shared/credential.h"
#include "shared/progress_row.h"

static ctl_command_f *const run[N_COMMANDS] = {
	[COMMAND_CRAWL] = cmd_crawl,
	[COMMAND_LIST] = cmd_list,
	[COMMAND_WATCH] = cmd_watch,
	[COMMAND_STOP] = cmd_stop,
	[COMMAND_PAUSE] = cmd_pause,
	[COMMAND_RESUME] = cmd_resume,
	[COMMAND_RETRY] = cmd_retry,
	[COMMAND_REFRESH] = cmd_refresh,
	[COMMAND_FAILURES] = cmd_failures,
	[COMMAND_UPLOAD] = cmd_upload,
	[COMMAND_SEARCH] = cmd_search,
	[COMMAND_SOURCES] = cmd_sources,
	[COMMAND_SHOW] = cmd_show,
	[COMMAND_EDIT] = cmd_edit,
	[COMMAND_DELETE] = cmd_delete,
	[COMMAND_BACKUP] = cmd_backup,
	[COMMAND_RESTORE] = cmd_restore,
	[COMMAND_EXPORT] = cmd_export,
	[COMMAND_IMPORT] = cmd_import,
	[COMMAND_CHECK] = cmd_check,
	[COMMAND_DOCTOR] = cmd_doctor,
	[COMMAND_VACUUM] = cmd_vacuum,
	[COMMAND_TOKEN_ADD] = cmd_token_add,
	[COMMAND_TOKEN_LIST] = cmd_token_list,
	[COMMAND_TOKEN_REVOKE] = cmd_token_revoke,
	[COMMAND_STAT] = cmd_stat,
	[COMMAND_TOP] = cmd_top,
	[COMMAND_HEALTH] = cmd_health,
	[COMMAND_LOGS] = cmd_logs,
	[COMMAND_LOGS_PUSH] = cmd_logs_push,
	[COMMAND_LOGS_RUN] = cmd_logs_run,
};

/* --config must be readable; the installed one is optional, an operator's own machine has none. */
static int
load_conf(struct ctl *ctl, struct err *e)
{
	const char *path = ctl->opt.config != NULL ? ctl->opt.config : ARCHON_CONF;

	ctl->conf_path = path;
	conf_defaults(&ctl->conf);
	if (ctl->opt.config == NULL && access(path, R_OK) != 0)
		return 0;
	return conf_load(&ctl->conf, path, e);
}

static int
set_base(struct ctl *ctl, struct err *e)
{
	const char *url = ctl->opt.url, *env = getenv("ARCHON_URL");
	size_t len;

	if (url == NULL)
		url = env != NULL && env[0] != '\0' ? env : ctl->conf.public_url;
	if (strncmp(url, "unix:", 5) == 0) {
		if (strlen(url + 5) >= sizeof ctl->unix_path)
			return err_set(e, -EINVAL, "%s: a socket path has at most %zu bytes", url, sizeof ctl->unix_path - 1);
		FIELD_SET(ctl->unix_path, url + 5);
		url = "http://localhost";
	}
	if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
		return err_set(e, -EINVAL, "'%s' is no address of archon: http://host:port or unix:PATH is", url);
	len = strlen(url);
	while (len > 8 && url[len - 1] == '/')
		len--;
	if (len >= sizeof ctl->base)
		return err_set(e, -EINVAL, "the address of archon is too long");
	memcpy(ctl->base, url, len);
	ctl->base[len] = '\0';
	return 0;
}

static int
set_token(struct ctl *ctl, struct err *e)
{
	const char *env = getenv("ARCHON_TOKEN");
	struct credential c;

	if (env == NULL || env[0] == '\0')
		return 0;
	if (!credential_read(&c, TOKEN_PREFIX, slice_of(env)))
		return err_set(e, -EINVAL, "$ARCHON_TOKEN is not a token as archonctl token add prints it");
	ctl->token = env;
	return 0;
}

int
main(int argc, char **argv)
{
	static struct ctl ctl;
	struct err e;
	int rc;

	setlocale(LC_CTYPE, "");
	if (options_parse(&ctl.opt, argc, argv, &e) < 0)
		goto usage;
	if (ctl.opt.help) {
		options_help();
		return CTL_DONE;
	}
	if (ctl.opt.version) {
		printf("archonctl %s (%s)\n", VERSION, curl_version());
		return CTL_DONE;
	}
	if (ctl.opt.check) {
		if (load_conf(&ctl, &e) == 0)
			return CTL_DONE;
		fprintf(stderr, "%s\n", e.text);
		return CTL_FAILED;
	}
	if (load_conf(&ctl, &e) < 0 || set_base(&ctl, &e) < 0 || set_token(&ctl, &e) < 0)
		goto usage;
	ctl.tty = isatty(STDOUT_FILENO) && !ctl.opt.json;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
		fputs("archonctl: libcurl does not start\n", stderr);
		return CTL_FAILED;
	}
	rc = run[ctl.opt.command](&ctl);
	curl_global_cleanup();
	return rc;
usage:
	fprintf(stderr, "archonctl: %s\n", e.text);
	return CTL_USAGE;
}
