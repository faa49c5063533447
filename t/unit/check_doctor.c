/* Each thing that doctor judges, well and not well, with what it says to do. */
#include "config.h"

#include "ctl/doctor.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "shared/store.h"

static struct doctor d;

/* What was said last, and nothing else, is of this verdict and has these words. */
static void
said(enum verdict v, const char *words)
{
	const char *out = text_str(&d.out);

	ck_assert_msg(d.n[v] == 1 && d.n[DOCTOR_OK] + d.n[DOCTOR_WARN] + d.n[DOCTOR_FAIL] == 1, "%s", out);
	ck_assert_msg(strstr(out, words) != NULL, "\"%s\" not in: %s", words, out);
	text_fini(&d.out);
	d = (struct doctor){ .json = false };
}

#define GIB ((uint64_t)1 << 30)

static const struct {
	struct disk_facts f;
	enum verdict	  v;
	const char	 *words;
} disks[] = {
	{ { 100 * GIB, 200 * GIB, 1000, 2000 }, DOCTOR_OK, "free" },
	{ { 100 * GIB, 200 * GIB, 0, 0 }, DOCTOR_OK, "free" },			/* btrfs: inodes without a limit */
	{ { 100 * GIB, 200 * GIB, 3, 2000 }, DOCTOR_FAIL, "inodes" },
	{ { GIB / 4, 200 * GIB, 1000, 2000 }, DOCTOR_WARN, "make room" },
	{ { 4096, 200 * GIB, 1000, 2000 }, DOCTOR_FAIL, "the disk is full" },
	{ { 0, 0, 0, 0 }, DOCTOR_FAIL, "the disk is full" },
	{ { GIB / 128, GIB / 64, 1000, 2000 }, DOCTOR_OK, "free" },		/* small, and half empty */
};

START_TEST(disk)
{
	doctor_disk(&d, "disk", "/var", &disks[_i].f);
	said(disks[_i].v, disks[_i].words);
}
END_TEST

static const struct {
	struct store_facts f;
	enum verdict	   v;
	const char	  *words;
} stores[] = {
	{ { .version = STORE_SCHEMA, .shared = true }, DOCTOR_OK, "can be written" },
	{ { .access_rc = -ENOENT, .version = -1 }, DOCTOR_FAIL, "start archon" },
	{ { .access_rc = -EACCES, .version = -1 }, DOCTOR_FAIL, "as root" },
	{ { .version = -1 }, DOCTOR_FAIL, "archonctl restore" },
	{ { .version = STORE_SCHEMA + 1 }, DOCTOR_FAIL, "newer archon" },
	{ { .version = STORE_SCHEMA - 1 }, DOCTOR_WARN, "archonctl backup" },
	{ { .version = STORE_SCHEMA, .shared = false }, DOCTOR_FAIL, "chgrp" },
};

START_TEST(store)
{
	struct store_facts f = stores[_i].f;

	f.dir = "/var/lib/archon";
	doctor_store(&d, &f);
	said(stores[_i].v, stores[_i].words);
}
END_TEST

static const struct {
	struct table_facts f;
	const char	  *words;
} tables[] = {
	{ { .rc = -ENOENT }, "archon does not run" },
	{ { .rc = -ESTALE, .why = "another layout" }, "another layout; restart all" },
	{ { .rc = -EBADMSG, .why = "damaged" }, "restart archon-api" },
	{ { .rc = -EACCES, .why = "Permission denied" }, "denied; run this as root" },
	{ { .relays = 0, .crawlers = 1, .mcp = true }, "start archon-relay" },
	{ { .relays = 1, .crawlers = 0, .mcp = true }, "start archon-crawler" },
	{ { .relays = 1, .crawlers = 1, .mcp = false }, "start archon-mcp" },
};

START_TEST(table)
{
	doctor_table(&d, &tables[_i].f);
	if (tables[_i].f.rc == 0 && d.n[DOCTOR_OK] == 1)	/* beside what is missing */
		d.n[DOCTOR_OK] = 0;
	said(DOCTOR_FAIL, tables[_i].words);
	doctor_table(&d, &(struct table_facts){ .relays = 1, .crawlers = 1, .mcp = true });
	said(DOCTOR_OK, "of this version");
}
END_TEST

static const struct {
	struct socket_facts f;
	enum verdict	    v;
	const char	   *words;
} sockets[] = {
	{ { .mode = S_IFSOCK | 0660, .nginx_may = true }, DOCTOR_OK, "/run/a.sock" },
	{ { .mode = S_IFSOCK | 0660, .nginx_may = true, .connect_rc = -EACCES }, DOCTOR_OK, "/run/a.sock" },	/* we may not, nginx may */
	{ { .stat_rc = -ENOENT }, DOCTOR_FAIL, "is missing" },
	{ { .stat_rc = -EACCES }, DOCTOR_FAIL, "as root" },
	{ { .mode = S_IFREG | 0660, .nginx_may = true }, DOCTOR_FAIL, "no socket" },
	{ { .mode = S_IFSOCK | 0660, .nginx_may = true, .connect_rc = -ECONNREFUSED }, DOCTOR_FAIL, "nobody listens" },
	{ { .mode = S_IFSOCK | 0666, .nginx_may = true }, DOCTOR_WARN, "chmod 0660" },
	{ { .mode = S_IFSOCK | 0600, .nginx_may = false }, DOCTOR_FAIL, "502" },
	{ { .mode = S_IFSOCK | 0660, .nginx_may = true, .connect_rc = -EPROTOTYPE }, DOCTOR_FAIL, "restart archon-api" },
};

START_TEST(sockets_of_ours)
{
	struct socket_facts f = sockets[_i].f;

	f.unit = "archon-api";
	f.path = "/run/a.sock";
	f.nginx_user = "www-data";
	doctor_socket(&d, &f);
	said(sockets[_i].v, sockets[_i].words);
}
END_TEST

#define LEADS "upstream { server unix:/run/archon/api.sock; }\nserver unix:/run/archon/relay.sock;\nserver unix:/run/archon/mcp.sock;\n"

static const struct {
	struct nginx_facts f;
	enum verdict	   v;
	const char	  *words;
} nginxes[] = {
	{ { .status = 0, .text = "worker_processes 2;\nworker_rlimit_nofile 70000;\nevents { worker_connections 20000; }\n" LEADS, .max_clients = 20000 }, DOCTOR_OK, "leads to" },
	{ { .status = 0, .text = "worker_processes auto;\nworker_rlimit_nofile 70000;\nevents {\n\tworker_connections\t20000;\n}\n" LEADS, .max_clients = 20000, .n_cpus = 2 }, DOCTOR_OK, "leads to" },
	{ { .status = -1, .text = "" }, DOCTOR_FAIL, "not installed" },
	{ { .status = 1, .text = "nginx: [emerg] unknown directive \"x\" in a.conf:1\n", .root = true }, DOCTOR_FAIL, "unknown directive" },
	{ { .status = 1, .text = "nginx: [emerg] open() failed (13: Permission denied)\n" }, DOCTOR_WARN, "as root" },
	{ { .status = 0, .text = "worker_rlimit_nofile 70000;\nevents { worker_connections 40000; }\nserver unix:/run/other/api.sock;\n", .max_clients = 20000 }, DOCTOR_FAIL, "link the site" },
	{ { .status = 0, .text = "server unix:/run/other/api.sock;\n", .own = true }, DOCTOR_FAIL, "conf/run" },
	{ { .status = 0, .text = "worker_processes 2;\nworker_rlimit_nofile 70000;\nevents { worker_connections 768; }\n" LEADS, .max_clients = 20000 }, DOCTOR_WARN, "worker_connections 20480;" },
	{ { .status = 0, .text = "worker_processes 2;\n# worker_connections 99999;\nworker_rlimit_nofile 70000;\nevents { worker_connections 768; }\n" LEADS, .max_clients = 20000 }, DOCTOR_WARN, "hold 768 live clients" },
	{ { .status = 0, .text = LEADS "worker_rlimit_nofile 70000;", .max_clients = 20000 }, DOCTOR_WARN, "hold 256 live clients" },	/* nginx's defaults */
	{ { .status = 0, .text = "worker_processes 2;\nevents { worker_connections 20000; }\n" LEADS, .max_clients = 20000 }, DOCTOR_WARN, "worker_rlimit_nofile 40000" },
};

START_TEST(nginx)
{
	struct nginx_facts f = nginxes[_i].f;

	f.run_dir = "/run/archon";
	doctor_nginx(&d, &f);
	if (d.n[DOCTOR_WARN] == 1 && d.n[DOCTOR_OK] == 1)	/* it leads to us, but */
		d.n[DOCTOR_OK] = 0;
	said(nginxes[_i].v, nginxes[_i].words);
}
END_TEST

START_TEST(user_of_nginx)
{
	char user[64];

	doctor_nginx_user("# user nobody;\nuser www-data adm;\n", user);
	ck_assert_str_eq(user, "www-data");
	doctor_nginx_user("worker_user_x 1;\n", user);
	ck_assert_str_eq(user, "");
}
END_TEST

#define LOADED "LoadState=loaded\nActiveState=active\n"

static const struct {
	const char  *text;
	enum verdict v;
	const char  *words;
} units[] = {
	{ LOADED "Type=notify\nWatchdogUSec=15s\nLimitNOFILE=131072\nNRestarts=0\n", DOCTOR_OK, "archon-relay" },
	{ LOADED "Type=notify\nWatchdogUSec=15s\nLimitNOFILE=infinity\nNRestarts=0\n", DOCTOR_OK, "archon-relay" },
	{ "LoadState=loaded\nActiveState=failed\nType=notify\nWatchdogUSec=15s\n", DOCTOR_FAIL, "journalctl" },
	{ LOADED "Type=simple\nWatchdogUSec=15s\n", DOCTOR_WARN, "Type=simple" },
	{ LOADED "Type=notify\nWatchdogUSec=0\n", DOCTOR_WARN, "no watchdog" },
	{ LOADED "Type=notify\nWatchdogUSec=infinity\n", DOCTOR_WARN, "no watchdog" },
	{ LOADED "Type=notify\nWatchdogUSec=15s\nLimitNOFILE=1024\n", DOCTOR_WARN, "LimitNOFILE=1024" },
	{ LOADED "Type=notify\nWatchdogUSec=15s\nLimitNOFILE=131072\nNRestarts=9\n", DOCTOR_WARN, "9 times" },
};

START_TEST(unit)
{
	doctor_unit(&d, "archon-relay", units[_i].text, 20000);
	said(units[_i].v, units[_i].words);
	doctor_unit(&d, "archon-relay", "LoadState=not-found\nActiveState=inactive\n", 20000);
	ck_assert_uint_eq(d.n[DOCTOR_OK] + d.n[DOCTOR_WARN] + d.n[DOCTOR_FAIL], 0);
}
END_TEST

START_TEST(process)
{
	struct process_facts f = { .name = "archon-relay", .exe = "", .pid = 7, .max_files = -1, .need_files = 100 };

	doctor_process(&d, &f);
	said(DOCTOR_OK, "archon-relay");
	f.max_files = 99;
	doctor_process(&d, &f);
	said(DOCTOR_WARN, "LimitNOFILE");
	f.older = true;
	doctor_process(&d, &f);
	said(DOCTOR_WARN, "systemctl reload archon-relay");
	f.name = "archon-api";
	doctor_process(&d, &f);
	said(DOCTOR_WARN, "systemctl restart archon-api");
}
END_TEST

START_TEST(health)
{
	doctor_health(&d, "http://h", "healthy", PACKAGE_VERSION);
	said(DOCTOR_OK, PACKAGE_VERSION);
	doctor_health(&d, "http://h", "", "");
	said(DOCTOR_FAIL, "does not answer");
	doctor_health(&d, "http://h", "healthy", "0.0.1");
	said(DOCTOR_WARN, "archon-api 0.0.1 runs");
	doctor_health(&d, "http://h", "degraded", PACKAGE_VERSION);
	said(DOCTOR_FAIL, "archonctl health");
}
END_TEST

START_TEST(host)
{
	enum { DAY = 86400 };

	doctor_clock(&d, 1000 * DAY, 900 * DAY, 1);
	said(DOCTOR_OK, "synchronised");
	doctor_clock(&d, 1000 * DAY, 900 * DAY, -1);
	said(DOCTOR_OK, "not before");
	doctor_clock(&d, 1000 * DAY, 900 * DAY, 0);
	said(DOCTOR_WARN, "timedatectl");
	doctor_clock(&d, 100 * DAY, 900 * DAY, 1);
	said(DOCTOR_FAIL, "800 days before");
	doctor_confined(&d, "", "unconfined\n", "/run/archon");
	said(DOCTOR_OK, "neither");
	doctor_confined(&d, "0", "/usr/sbin/nginx (complain)\n", "/run/archon");
	said(DOCTOR_OK, "neither");
	doctor_confined(&d, "1", "", "/run/archon");
	said(DOCTOR_WARN, "semanage fcontext -a -t httpd_var_run_t '/run/archon(/.*)?'");
	doctor_confined(&d, "", "/usr/sbin/nginx (enforce)\n", "/run/archon");
	said(DOCTOR_WARN, "/run/archon/*.sock rw");
}
END_TEST

#define N(a) (int)(sizeof a / sizeof a[0])

int
main(void)
{
	Suite *s = suite_create("doctor");
	TCase *tc = tcase_create("all");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, disk, 0, N(disks));
	tcase_add_loop_test(tc, store, 0, N(stores));
	tcase_add_loop_test(tc, table, 0, N(tables));
	tcase_add_loop_test(tc, sockets_of_ours, 0, N(sockets));
	tcase_add_loop_test(tc, nginx, 0, N(nginxes));
	tcase_add_test(tc, user_of_nginx);
	tcase_add_loop_test(tc, unit, 0, N(units));
	tcase_add_test(tc, process);
	tcase_add_test(tc, health);
	tcase_add_test(tc, host);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
