/* doctor: gathers what doctor.c judges.  Nothing is changed, and nothing need run. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/doctor.h"
#include "ctl/http.h"
#include "ctl/snapshot.h"
#include "shared/json_text.h"
#include "shared/mcp_state.h"
#include "shared/store.h"
#include "shared/table.h"

enum { PATH_BYTES = CONF_TEXT_BYTES + 32, SPARE_FILES = 64, N_GROUPS = 64 };

/* -- gathering ------------------------------------------------------------------- */

static void
slurp(const char *path, char *buf, size_t size)		/* "" when it cannot be read */
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd != -1 ? read(fd, buf, size - 1) : -1;

	buf[n > 0 ? n : 0] = '\0';
	if (fd != -1)
		close(fd);
}

/* What a command says; its status, -1 it cannot be run or hangs. */
static int
heard(struct text *out, const char *command)
{
	char line[4096];
	FILE *f;
	int st;

	(void)snprintf(line, sizeof line, "PATH=$PATH:/usr/sbin:/usr/local/sbin LC_ALL=C; export PATH LC_ALL; exec timeout 20 %s 2>&1 </dev/null", command);
	if ((f = popen(line, "re")) == NULL)
		return -1;
	for (size_t n; (n = fread(line, 1, sizeof line, f)) > 0; )
		text_put(out, line, n);
	st = pclose(f);
	return WIFEXITED(st) && WEXITSTATUS(st) < 124 ? WEXITSTATUS(st) : -1;	/* 124 to 127: timeout(1)'s own */
}

static void
look_at_disk(struct doctor *d, const char *about, const char *path)
{
	struct disk_facts f;
	int rc = disk_look(path, &f);

	if (rc < 0)
		doctor_say(d, DOCTOR_FAIL, about, "%s: %s; correct archon.conf, or make it (systemd-tmpfiles --create)", path, strerror(-rc));
	else
		doctor_disk(d, about, path, &f);
}

static void
look_at_store(struct doctor *d, const char *dir)
{
	struct store_facts f = { .dir = dir, .version = -1 };
	char path[PATH_BYTES];
	struct stat file, in;

	(void)snprintf(path, sizeof path, "%s/archon.db", dir);
	if (access(path, R_OK | W_OK) != 0)
		f.access_rc = -errno;
	f.shared = stat(path, &file) == 0 && stat(dir, &in) == 0 && ((in.st_mode & S_IWGRP) == 0 ? file.st_uid == in.st_uid :
	    file.st_gid == in.st_gid && (file.st_mode & (S_IRGRP | S_IWGRP)) == (S_IRGRP | S_IWGRP));
	if (f.access_rc == 0 && store_peek(path, &f.version, NULL) < 0)
		f.version = -1;
	doctor_store(d, &f);
}

static void
look_at_table(struct doctor *d, const char *dir)
{
	struct table_facts f = { .why = "" };
	struct table_info info;
	struct table *t = NULL;
	struct err e = { "" };

	f.rc = table_open(&t, dir, &e);
	f.why = e.text;
	if (f.rc == 0) {
		table_info(t, &info);
		f.relays = info.relays;
		f.crawlers = info.crawlers;
		f.mcp = mcp_is_alive(t);
	}
	table_close(t);
	doctor_table(d, &f);
}

static bool
user_may_write(const char *user, const struct stat *sb)
{
	const struct passwd *pw = getpwnam(user);
	gid_t groups[N_GROUPS];
	int n = N_GROUPS;

	if (pw == NULL || pw->pw_uid == 0)
		return pw != NULL || geteuid() != 0;	/* an nginx of one's own runs as oneself */
	if (pw->pw_uid == sb->st_uid)
		return (sb->st_mode & S_IWUSR) != 0;
	if (getgrouplist(user, pw->pw_gid, groups, &n) < 0)
		n = N_GROUPS;
	for (int i = 0; i < n; i++)
		if (groups[i] == sb->st_gid)
			return (sb->st_mode & S_IWGRP) != 0;
	return (sb->st_mode & S_IWOTH) != 0;
}

static int
try_connect(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd, rc = 0;

	if (strlen(path) >= sizeof sun.sun_path)
		return -ENAMETOOLONG;
	(void)snprintf(sun.sun_path, sizeof sun.sun_path, "%s", path);
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) == -1)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&sun, sizeof sun) != 0 && errno != EAGAIN)	/* EAGAIN: somebody listens, and is busy */
		rc = -errno;
	close(fd);
	return rc;
}

static void
look_at_sockets(struct doctor *d, const char *dir, const char *nginx_user)
{
	static const char *const parts[] = { "api", "mcp", "relay" };

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		char path[PATH_BYTES], unit[32];
		struct socket_facts f = { .unit = unit, .path = path, .nginx_user = nginx_user };
		struct stat sb;

		(void)snprintf(path, sizeof path, "%s/%s.sock", dir, parts[i]);
		(void)snprintf(unit, sizeof unit, "archon-%s", parts[i]);
		if (lstat(path, &sb) != 0) {
			f.stat_rc = -errno;
		} else {
			f.mode = sb.st_mode;
			f.nginx_may = user_may_write(nginx_user, &sb);
			f.connect_rc = S_ISSOCK(sb.st_mode) ? try_connect(path) : 0;
		}
		doctor_socket(d, &f);
	}
}

/* -- processes and units ------------------------------------------------------------ */

static int64_t
files_wanted(const struct ctl *ctl, const char *name)
{
	return strcmp(name, "archon-relay") == 0 ? ctl->conf.max_clients + SPARE_FILES : 256;
}

static bool
of_this_conf(const char *cmdline, size_t len, const char *conf)	/* --config is always given, by units and by conf/run */
{
	for (size_t i = 0; i < len; i += strlen(cmdline + i) + 1)
		if (strcmp(cmdline + i, conf) == 0)
			return true;
	return false;
}

static void
look_at_process(struct doctor *d, const struct ctl *ctl, const char *pid)
{
	char path[64], name[32], buf[4096], exe[PATH_BYTES] = "";
	struct process_facts f = { .name = name, .exe = exe, .pid = strtol(pid, NULL, 10), .max_files = -1 };
	const char *at;
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof path, "/proc/%.20s/comm", pid);
	slurp(path, name, sizeof name);
	name[strcspn(name, "\n")] = '\0';
	if (strncmp(name, "archon-", 7) != 0 || strcmp(name, "archon-convert") == 0)
		return;
	(void)snprintf(path, sizeof path, "/proc/%.20s/cmdline", pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return;			/* it has just ended */
	n = read(fd, buf, sizeof buf - 1);
	close(fd);
	buf[n > 0 ? n : 0] = '\0';
	if (n <= 0 || !of_this_conf(buf, (size_t)n, ctl->conf_path))
		return;
	(void)snprintf(path, sizeof path, "/proc/%.20s/exe", pid);
	n = readlink(path, exe, sizeof exe - 1);
	exe[n > 0 ? n : 0] = '\0';
	f.older = strstr(exe, " (deleted)") != NULL;
	(void)snprintf(path, sizeof path, "/proc/%.20s/limits", pid);
	slurp(path, buf, sizeof buf);
	if ((at = strstr(buf, "Max open files")) != NULL)
		f.max_files = strtoll(at + 14, NULL, 10);
	f.need_files = files_wanted(ctl, name);
	doctor_process(d, &f);
}

static void
look_at_processes(struct doctor *d, const struct ctl *ctl)
{
	DIR *dir = opendir("/proc");
	const struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			look_at_process(d, ctl, entry->d_name);
	if (dir != NULL)
		(void)closedir(dir);
}

static void
look_at_units(struct doctor *d, const struct ctl *ctl)
{
	static const char *const units[] = { "archon-api", "archon-mcp", "archon-relay", "archon-crawler" };

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		struct text said = { 0 };
		char command[160];

		(void)snprintf(command, sizeof command, "systemctl show -p LoadState -p ActiveState -p Type -p WatchdogUSec"
		    " -p LimitNOFILE -p NRestarts %s.service", units[i]);
		if (heard(&said, command) == 0 && text_str(&said) != NULL)
			doctor_unit(d, units[i], text_str(&said), files_wanted(ctl, units[i]));
		text_fini(&said);
	}
}

/* -- nginx and the host -------------------------------------------------------------- */

/*
 * Beside an archon.conf of conf/run's lies the configuration of an nginx of its own;
 * the host's has nothing to do with it then, nor have units.  False: there is none.
 */
static bool
own_nginx(const char *conf_path, char dir[PATH_BYTES], struct stat *sb)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._+-";	/* all that conf/run takes */
	const char *slash = strrchr(conf_path, '/');
	int len = snprintf(dir, PATH_BYTES, "%.*snginx/nginx.conf", slash != NULL ? (int)(slash - conf_path) + 1 : 0, conf_path);

	if (len >= PATH_BYTES || strspn(dir, plain) != (size_t)len || stat(dir, sb) != 0)
		return false;
	*strrchr(dir, '/') = '\0';
	return true;
}

static void
look_at_nginx(struct doctor *d, const struct ctl *ctl, char user[64])
{
	char dir[PATH_BYTES], command[3 * PATH_BYTES + 64] = "nginx -T";
	struct text said = { 0 };
	struct nginx_facts f = { .run_dir = ctl->conf.run_dir, .root = geteuid() == 0,
		.max_clients = ctl->conf.max_clients, .n_cpus = sysconf(_SC_NPROCESSORS_ONLN) };
	const struct passwd *owner = NULL;
	struct stat sb;

	if ((f.own = own_nginx(ctl->conf_path, dir, &sb))) {
		(void)snprintf(command, sizeof command, "nginx -T -p %s -c %s/nginx.conf -e %s/error.log", dir, dir, dir);
		owner = getpwuid(sb.st_uid);
	}
	f.status = heard(&said, command);
	f.text = text_str(&said);
	f.text = f.text != NULL ? f.text : "";
	doctor_nginx_user(f.text, user);
	if (user[0] == '\0')
		(void)snprintf(user, 64, "%s", owner != NULL ? owner->pw_name : getpwnam("www-data") != NULL ? "www-data" : "nginx");
	doctor_nginx(d, &f);
	text_fini(&said);
}

static void
look_at_host(struct doctor *d, const struct ctl *ctl)
{
	struct timex tx = { .modes = 0 };
	struct stat sb = { .st_mtime = 0 };
	struct text pid = { 0 };
	char enforce[8], profile[256] = "", path[64];
	int state = adjtimex(&tx);

	(void)stat("/proc/self/exe", &sb);	/* 0 then: before nothing */
	doctor_clock(d, time(NULL), sb.st_mtime, state == -1 ? -1 : state != TIME_ERROR && (tx.status & STA_UNSYNC) == 0);
	slurp("/sys/fs/selinux/enforce", enforce, sizeof enforce);
	if (heard(&pid, "pidof -s nginx") == 0 && text_str(&pid) != NULL) {
		(void)snprintf(path, sizeof path, "/proc/%ld/attr/current", strtol(text_str(&pid), NULL, 10));
		slurp(path, profile, sizeof profile);
	}
	text_fini(&pid);
	doctor_confined(d, enforce, profile, ctl->conf.run_dir);
}

static void
look_at_health(struct doctor *d, const struct ctl *ctl)
{
	struct ctl quick = *ctl;
	struct json_object *o = NULL;
	struct http_reply rp = { 0 };
	const char *body = NULL;
	struct err e;

	quick.call_ms = 5000;
	if (http_call(&quick, "GET", "/health", NULL, &rp, &e) == 0)
		body = text_str(&rp.body);
	if (body != NULL)
		o = json_tokener_parse(body);
	doctor_health(d, ctl->unix_path[0] != '\0' ? ctl->unix_path : ctl->base, json_text_of(o, "status"), json_text_of(o, "version"));
	json_object_put(o);
	text_fini(&rp.body);
}

int
cmd_doctor(const struct ctl *ctl)
{
	struct doctor d = { .json = ctl->opt.json };
	char nginx_user[64], own[PATH_BYTES];
	const char *out;
	struct stat sb;
	bool failed;

	if (d.json) {
		json_open(&d.out, '{');
		json_key(&d.out, "checks");
		json_open(&d.out, '[');
	}
	look_at_store(&d, ctl->conf.state_dir);
	look_at_disk(&d, "disk", ctl->conf.state_dir);
	look_at_disk(&d, "run_dir", ctl->conf.run_dir);
	look_at_table(&d, ctl->conf.run_dir);
	look_at_processes(&d, ctl);
	if (!own_nginx(ctl->conf_path, own, &sb))
		look_at_units(&d, ctl);
	look_at_nginx(&d, ctl, nginx_user);
	look_at_sockets(&d, ctl->conf.run_dir, nginx_user);
	look_at_health(&d, ctl);
	look_at_host(&d, ctl);
	failed = d.n[DOCTOR_FAIL] > 0;
	if (d.json) {
		json_close(&d.out, ']');
		json_kbool(&d.out, "well", !failed);
		json_close(&d.out, '}');
		text_putc(&d.out, '\n');
	} else {
		text_printf(&d.out, "%u fail, %u to look at, %u well\n", d.n[DOCTOR_FAIL], d.n[DOCTOR_WARN], d.n[DOCTOR_OK]);
	}
	if ((out = text_str(&d.out)) == NULL)
		failed = true;
	else
		fputs(out, stdout);
	text_fini(&d.out);
	return failed ? CTL_FAILED : CTL_DONE;
}
