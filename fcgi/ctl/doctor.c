#include "config.h"

#include "ctl/doctor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/snapshot.h"
#include "shared/json_text.h"
#include "shared/store.h"

#define MIB ((uint64_t)1 << 20)

enum { TEXT_BYTES = 512, DAY_S = 86400, SPARE_FILES = 64 };

void
doctor_say(struct doctor *d, enum verdict v, const char *about, const char *fmt, ...)
{
	static const char *const words[N_VERDICTS] = { "ok", "warn", "fail" };
	char text[TEXT_BYTES];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);	/* cut: a sentence */
	va_end(ap);
	d->n[v]++;
	if (!d->json) {
		text_printf(&d->out, "%-5s %-9s %s\n", words[v], about, text);
		return;
	}
	json_open(&d->out, '{');
	json_kstr(&d->out, "verdict", words[v]);
	json_kstr(&d->out, "about", about);
	json_kstr(&d->out, "text", text);
	json_close(&d->out, '}');
}

/* -- store, disk, table ------------------------------------------------------------- */

void
doctor_disk(struct doctor *d, const char *about, const char *path, const struct disk_facts *f)
{
	char left[24];
	uint64_t share = f->total_bytes > 0 ? f->free_bytes * 100 / f->total_bytes : 0;

	people_bytes(left, (int64_t)f->free_bytes);
	if (disk_lacks_inodes(f))
		doctor_say(d, DOCTOR_FAIL, about, "%s: no room for another file (inodes); delete some there", path);
	else if (disk_is_full(f))
		doctor_say(d, DOCTOR_FAIL, about, "%s: the disk is full, %s left; make room, crawls that wait go on by themselves", path, left);
	else if (f->free_bytes < 512 * MIB && share < 10)
		doctor_say(d, DOCTOR_WARN, about, "%s: %s left; make room (archonctl sources shows what is large, archonctl vacuum)", path, left);
	else
		doctor_say(d, DOCTOR_OK, about, "%s: %s free", path, left);
}

void
doctor_store(struct doctor *d, const struct store_facts *f)
{
	if (f->access_rc == -ENOENT)
		doctor_say(d, DOCTOR_FAIL, "store", "%s/archon.db is not there; archon-api makes it: start archon, or correct state_dir", f->dir);
	else if (f->access_rc < 0)
		doctor_say(d, DOCTOR_FAIL, "store", "%s/archon.db: %s; run this as root or as its owner, or correct its owner", f->dir,
		    strerror(-f->access_rc));
	else if (f->version < 0)
		doctor_say(d, DOCTOR_FAIL, "store", "%s/archon.db is no store of archon; stop archon, then archonctl restore the last backup", f->dir);
	else if (f->version > STORE_SCHEMA)
		doctor_say(d, DOCTOR_FAIL, "store", "%s/archon.db was written by a newer archon (schema %" PRId64 ", this one knows %d); "
		    "install that version again, or archonctl restore a backup made with this one", f->dir, f->version, STORE_SCHEMA);
	else if (f->version < STORE_SCHEMA)
		doctor_say(d, DOCTOR_WARN, "store", "%s/archon.db has schema %" PRId64 ", it becomes %d when archon starts; archonctl backup it first",
		    f->dir, f->version, STORE_SCHEMA);
	else if (!f->shared)
		doctor_say(d, DOCTOR_FAIL, "store", "%s/archon.db is not its directory's owner's or group's, so some of archon may not write it; "
		    "chgrp --reference=%s %s/archon.db*; chmod 0660 %s/archon.db*", f->dir, f->dir, f->dir, f->dir);
	else
		doctor_say(d, DOCTOR_OK, "store", "%s/archon.db can be written, schema %d", f->dir, STORE_SCHEMA);
}

void
doctor_table(struct doctor *d, const struct table_facts *f)
{
	if (f->rc == -ENOENT)
		doctor_say(d, DOCTOR_FAIL, "table", "not there: archon does not run; systemctl start archon.target, or conf/run");
	else if (f->rc == -ESTALE)
		doctor_say(d, DOCTOR_FAIL, "table", "%s; restart all of archon, programs of several versions run", f->why);
	else if (f->rc == -EACCES || f->rc == -EPERM)
		doctor_say(d, DOCTOR_FAIL, "table", "%s; run this as root", f->why);
	else if (f->rc < 0)
		doctor_say(d, DOCTOR_FAIL, "table", "%s; restart archon-api, it makes a new one", f->why);
	if (f->rc < 0)
		return;
	doctor_say(d, DOCTOR_OK, "table", "there, of this version");
	if (f->relays == 0)
		doctor_say(d, DOCTOR_FAIL, "relay", "none runs: nothing is live; systemctl start archon-relay, and journalctl -u archon-relay says why");
	if (f->crawlers == 0)
		doctor_say(d, DOCTOR_FAIL, "crawler", "none runs: crawls wait; systemctl start archon-crawler, and journalctl -u archon-crawler says why");
	if (!f->mcp)
		doctor_say(d, DOCTOR_FAIL, "mcp", "it does not run: agents get no answer; systemctl start archon-mcp, and journalctl -u archon-mcp says why");
}

/* -- sockets, programs -------------------------------------------------------------- */

void
doctor_socket(struct doctor *d, const struct socket_facts *f)
{
	if (f->stat_rc == -ENOENT)
		doctor_say(d, DOCTOR_FAIL, "socket", "%s is missing; systemctl start %s.socket, or start %s", f->path, f->unit, f->unit);
	else if (f->stat_rc < 0)
		doctor_say(d, DOCTOR_FAIL, "socket", "%s: %s; run this as root", f->path, strerror(-f->stat_rc));
	else if (!S_ISSOCK(f->mode))
		doctor_say(d, DOCTOR_FAIL, "socket", "%s is no socket; remove it, then start %s", f->path, f->unit);
	else if (f->connect_rc == -ECONNREFUSED)
		doctor_say(d, DOCTOR_FAIL, "socket", "%s: nobody listens; start %s (systemctl start %s.socket)", f->path, f->unit, f->unit);
	else if ((f->mode & S_IWOTH) != 0)
		doctor_say(d, DOCTOR_WARN, "socket", "%s: everybody on this host may use it, past nginx; chmod 0660", f->path);
	else if (!f->nginx_may)
		doctor_say(d, DOCTOR_FAIL, "socket", "%s: nginx (user %s) may not use it, its pages answer 502; chgrp it to nginx's group, "
		    "chmod 0660 (SocketGroup= in %s.socket)", f->path, f->nginx_user, f->unit);
	else if (f->connect_rc < 0 && f->connect_rc != -EACCES)
		doctor_say(d, DOCTOR_FAIL, "socket", "%s: %s; restart %s", f->path, strerror(-f->connect_rc), f->unit);
	else
		doctor_say(d, DOCTOR_OK, "socket", "%s", f->path);
}

void
doctor_process(struct doctor *d, const struct process_facts *f)
{
	if (f->older)
		doctor_say(d, DOCTOR_WARN, "process", "%s (%ld) runs from a file that has been replaced since; %s %s", f->name, f->pid,
		    strcmp(f->name, "archon-relay") == 0 ? "systemctl reload" : "systemctl restart", f->name);
	else if (f->max_files >= 0 && f->max_files < f->need_files)
		doctor_say(d, DOCTOR_WARN, "process", "%s (%ld) may open %" PRId64 " files, %" PRId64 " are wanted; raise LimitNOFILE= of its unit",
		    f->name, f->pid, f->max_files, f->need_files);
	else
		doctor_say(d, DOCTOR_OK, "process", "%s (%ld)", f->name, f->pid);
}

void
doctor_health(struct doctor *d, const char *url, const char *status, const char *version)
{
	if (status[0] == '\0')
		doctor_say(d, DOCTOR_FAIL, "health", "%s/health does not answer; see the lines about nginx and sockets, and public_url", url);
	else if (strcmp(version, PACKAGE_VERSION) != 0)
		doctor_say(d, DOCTOR_WARN, "health", "archon-api %s runs, %s is installed; systemctl restart archon-api archon-mcp archon-crawler, "
		    "systemctl reload archon-relay", version, PACKAGE_VERSION);
	else if (strcmp(status, "healthy") != 0)
		doctor_say(d, DOCTOR_FAIL, "health", "%s; archonctl health shows which part is missing", status);
	else
		doctor_say(d, DOCTOR_OK, "health", "%s/health: healthy, version %s", url, version);
}

static int64_t
shown(const char *text, const char *key, char word[64])		/* its number, -1 none; "infinity" is many */
{
	char *end;
	const char *at = text;
	int64_t n;

	word[0] = '\0';
	for (size_t len = strlen(key); at != NULL; at = strchr(at, '\n'), at += at != NULL)
		if (strncmp(at, key, len) == 0 && at[len] == '=') {
			(void)snprintf(word, 64, "%.*s", (int)strcspn(at + len + 1, "\n"), at + len + 1);
			break;
		}
	if (strcmp(word, "infinity") == 0)
		return INT64_MAX;
	n = strtoll(word, &end, 10);
	return end == word ? -1 : n;
}

void
doctor_unit(struct doctor *d, const char *unit, const char *text, int64_t need_files)
{
	char load[64], active[64], type[64], dog[64], word[64];
	int64_t files = shown(text, "LimitNOFILE", word), restarts = shown(text, "NRestarts", word);

	(void)shown(text, "LoadState", load);
	(void)shown(text, "ActiveState", active);
	(void)shown(text, "Type", type);
	(void)shown(text, "WatchdogUSec", dog);
	if (strcmp(load, "loaded") != 0)
		return;			/* started in another way, which is fine */
	if (strcmp(active, "failed") == 0)
		doctor_say(d, DOCTOR_FAIL, "unit", "%s has failed; journalctl -u %s says why, then systemctl restart %s", unit, unit, unit);
	else if (strncmp(type, "notify", 6) != 0)
		doctor_say(d, DOCTOR_WARN, "unit", "%s is of Type=%s, so systemd does not know when it is ready; use notify (systemctl cat %s)", unit, type, unit);
	else if (strcmp(dog, "0") == 0 || strcmp(dog, "infinity") == 0 || dog[0] == '\0')
		doctor_say(d, DOCTOR_WARN, "unit", "%s has no watchdog, so one that hangs stays; set WatchdogSec= (systemctl cat %s)", unit, unit);
	else if (files >= 0 && files < need_files)
		doctor_say(d, DOCTOR_WARN, "unit", "%s: LimitNOFILE=%" PRId64 ", %" PRId64 " are wanted; systemctl edit %s", unit, files, need_files, unit);
	else if (restarts > 5)
		doctor_say(d, DOCTOR_WARN, "unit", "%s was restarted %" PRId64 " times; journalctl -u %s says why", unit, restarts, unit);
	else
		doctor_say(d, DOCTOR_OK, "unit", "%s", unit);
}

/* -- the host ------------------------------------------------------------------------ */

void
doctor_clock(struct doctor *d, int64_t now_s, int64_t built_s, int synced)
{
	if (now_s < built_s - DAY_S)
		doctor_say(d, DOCTOR_FAIL, "clock", "it is %" PRId64 " days before archon was installed; set it, and keep it: timedatectl set-ntp true",
		    (built_s - now_s) / DAY_S);
	else if (synced == 0)
		doctor_say(d, DOCTOR_WARN, "clock", "not synchronised; timedatectl set-ntp true (systemd-timesyncd, chrony)");
	else
		doctor_say(d, DOCTOR_OK, "clock", "%s", synced < 0 ? "not before this version" : "synchronised");
}

void
doctor_confined(struct doctor *d, const char *enforce, const char *profile, const char *run_dir)
{
	if (enforce[0] == '1')
		doctor_say(d, DOCTOR_WARN, "selinux", "enforcing: if nginx answers 502, ausearch -m avc -c nginx; semanage fcontext -a -t httpd_var_run_t "
		    "'%s(/.*)?'; restorecon -R %s", run_dir, run_dir);
	else if (strstr(profile, "(enforce)") != NULL)
		doctor_say(d, DOCTOR_WARN, "apparmor", "nginx runs under %.*s: allow it %s/*.sock rw, if it answers 502",
		    (int)strcspn(profile, "\n"), profile, run_dir);
	else
		doctor_say(d, DOCTOR_OK, "confined", "nginx by neither SELinux nor AppArmor");
}

/* -- nginx --------------------------------------------------------------------------- */

static bool
in_comment(const char *text, const char *at)
{
	while (at > text && at[-1] != '\n')
		if (*--at == '#')
			return true;
	return false;
}

/* The value of the first `key value;'. */
static bool
directive(const char *text, const char *key, char value[64])
{
	size_t len = strlen(key);

	for (const char *at = strstr(text, key); at != NULL; at = strstr(at + len, key)) {
		size_t blank = strspn(at + len, " \t");

		if (blank == 0 || (at > text && strchr(" \t\n{};", at[-1]) == NULL) || in_comment(text, at))
			continue;
		(void)snprintf(value, 64, "%.*s", (int)strcspn(at + len + blank, "; \t\n"), at + len + blank);
		return true;
	}
	return false;
}

void
doctor_nginx_user(const char *text, char user[64])
{
	if (!directive(text, "user", user))
		user[0] = '\0';
}

static void
nginx_room(struct doctor *d, const struct nginx_facts *f)
{
	char word[64];
	int64_t connections = directive(f->text, "worker_connections", word) ? strtoll(word, NULL, 10) : 512, files;
	int64_t workers = !directive(f->text, "worker_processes", word) ? 1 : strcmp(word, "auto") == 0 ? f->n_cpus : strtoll(word, NULL, 10);
	int64_t clients = workers * connections / 2;	/* each takes a connection in and one out */

	files = directive(f->text, "worker_rlimit_nofile", word) ? strtoll(word, NULL, 10) : 1024;
	if (clients < f->max_clients)
		doctor_say(d, DOCTOR_WARN, "nginx", "%" PRId64 " workers with %" PRId64 " worker_connections hold %" PRId64 " live clients, max_clients is %" PRId64
		    "; worker_connections %" PRId64 "; in the events {} of nginx.conf, or a lower max_clients", workers, connections, clients,
		    f->max_clients, (2 * f->max_clients / (workers > 0 ? workers : 1) + 1023) / 1024 * 1024);
	if (files < connections + SPARE_FILES)
		doctor_say(d, DOCTOR_WARN, "nginx", "a worker may open %" PRId64 " files for its %" PRId64 " connections; worker_rlimit_nofile %" PRId64
		    "; in nginx.conf, or link archon's nginx/main.conf (conf/README)", files, connections, 2 * connections);
}

void
doctor_nginx(struct doctor *d, const struct nginx_facts *f)
{
	static const char *const parts[] = { "api", "relay", "mcp" };
	char needle[TEXT_BYTES + 32];
	unsigned missing = 0;

	if (f->status < 0) {
		doctor_say(d, DOCTOR_FAIL, "nginx", "it is not installed, or not in PATH; archon is reached through it");
		return;
	}
	if (f->status != 0) {
		const char *bad = strstr(f->text, "[emerg]");

		bad = bad != NULL ? bad : f->text;
		doctor_say(d, f->root ? DOCTOR_FAIL : DOCTOR_WARN, "nginx", "its configuration cannot be read%s: %.*s",
		    f->root ? "; nginx -t" : "; run this as root", (int)strcspn(bad, "\n"), bad);
		return;
	}
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		(void)snprintf(needle, sizeof needle, "unix:%s/%s.sock", f->run_dir, parts[i]);
		missing += strstr(f->text, needle) == NULL;
	}
	if (missing > 0)
		doctor_say(d, DOCTOR_FAIL, "nginx", "its configuration does not lead to archon in %s; %s", f->run_dir, f->own ?
		    "start it again (conf/run), which writes it anew" :
		    "link the site (archon's nginx/site.conf) into it, nginx -t, systemctl reload nginx");
	else
		doctor_say(d, DOCTOR_OK, "nginx", "leads to archon in %s", f->run_dir);
	nginx_room(d, f);
}
