/*
 * doctor - what archonctl doctor finds.  Each function judges one thing from facts
 * that its caller has gathered (cmd_doctor.c) and says one or more lines; what is not
 * well comes with what to do next.  All strings are borrowed.
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "shared/disk.h"
#include "shared/text.h"

enum verdict { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL, N_VERDICTS };

struct doctor {			/* zeros: nothing said yet; text_fini(&d.out) */
	struct text out;
	bool	    json;
	unsigned    n[N_VERDICTS];
};

__attribute__((format(printf, 4, 5)))
void doctor_say(struct doctor *d, enum verdict v, const char *about, const char *fmt, ...);

/* The file system that path is on. */
void doctor_disk(struct doctor *d, const char *about, const char *path, const struct disk_facts *f);

struct store_facts {
	const char *dir;
	int	    access_rc;		/* of state_dir/archon.db for reading and writing: 0, -errno */
	bool	    shared;		/* whoever may write in the directory may write the file */
	int64_t	    version;		/* its schema; -1: it is no store */
};
void doctor_store(struct doctor *d, const struct store_facts *f);

/* rc: of table_open(), with the text of its error. */
struct table_facts {
	int	    rc;
	const char *why;
	unsigned    relays, crawlers;
	bool	    mcp;
};
void doctor_table(struct doctor *d, const struct table_facts *f);

struct socket_facts {
	const char *unit, *path;	/* "archon-api", ... */
	int	    stat_rc, connect_rc;	/* 0, -errno; connect_rc counts when stat_rc is 0 */
	mode_t	    mode;
	bool	    nginx_may;		/* by its owner, group and mode */
	const char *nginx_user;
};
void doctor_socket(struct doctor *d, const struct socket_facts *f);

/* text: all that `nginx -T' said, status: what it exited with; -1: there is no nginx. */
struct nginx_facts {
	int	    status;
	const char *text, *run_dir;
	bool	    root;		/* we are: else it may not read everything */
	bool	    own;		/* conf/run's, not the host's */
	int64_t	    max_clients, n_cpus;
};
void doctor_nginx(struct doctor *d, const struct nginx_facts *f);
/* The user of nginx's workers as its configuration says; "" it does not. */
void doctor_nginx_user(const char *text, char user[64]);

/* text: `systemctl show' of Type, WatchdogUSec, LimitNOFILE, ActiveState, LoadState, NRestarts; one unit. */
void doctor_unit(struct doctor *d, const char *unit, const char *text, int64_t need_files);

struct process_facts {
	const char *name, *exe;		/* exe: readlink of /proc/N/exe, "" not allowed */
	long	    pid;
	bool	    older;		/* the file that is there now is another one */
	int64_t	    max_files, need_files;	/* max_files -1: not known */
};
void doctor_process(struct doctor *d, const struct process_facts *f);

/* version: what /health says, "" nothing answers; status: "healthy" ... */
void doctor_health(struct doctor *d, const char *url, const char *status, const char *version);

/* built_s: archonctl's own file; synced -1: not known. */
void doctor_clock(struct doctor *d, int64_t now_s, int64_t built_s, int synced);

/* enforce: of /sys/fs/selinux; profile: of nginx's process; "" there is none. */
void doctor_confined(struct doctor *d, const char *enforce, const char *profile, const char *run_dir);

#endif
