/*
 * backup, restore, check, vacuum: the store and the table themselves, asking nobody, so
 * that they work whether or not the daemons run.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/snapshot.h"
#include "shared/json_text.h"
#include "shared/store.h"
#include "shared/table.h"

enum { PATH_BYTES = 4096 };

static int
complain(const struct err *e)
{
	fprintf(stderr, "archonctl: %s\n", e->text);
	return CTL_FAILED;
}

static int
print_text(struct text *t)
{
	const char *s = text_str(t);

	if (s != NULL)
		puts(s);
	text_fini(t);
	return s != NULL ? CTL_DONE : CTL_FAILED;
}

int
ctl_store_open(const struct ctl *ctl, struct store **out, struct err *e)
{
	char path[PATH_BYTES];

	/* Opening makes one where there is none, which nobody wants of a question. */
	(void)snprintf(path, sizeof path, "%s/archon.db", ctl->conf.state_dir);
	if (access(path, R_OK | W_OK) != 0)
		return err_set(e, -errno, "%s: %s; state_dir is in archon.conf (--config), its owner may open it", path, strerror(errno));
	return store_open(out, ctl->conf.state_dir, ctl->conf.store_max_bytes, true, e);
}

/* -- backup ---------------------------------------------------------------------- */

static int
sync_and_name(int fd, const char *part, const char *path, struct err *e)
{
	if (fsync(fd) != 0 || link(part, path) != 0)	/* not rename(): it would replace what came meanwhile */
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	return 0;
}

int
cmd_backup(const struct ctl *ctl)
{
	const char *path = ctl->opt.word;
	struct store *st = NULL;
	struct text t = { 0 };
	char part[PATH_BYTES];
	struct err e;
	off_t bytes = 0;
	int fd = -1, rc;

	if (access(path, F_OK) == 0) {
		fprintf(stderr, "archonctl: %s exists already: name a new file\n", path);
		return CTL_USAGE;
	}
	if (snprintf(part, sizeof part, "%s.part", path) >= PATH_BYTES) {
		fputs("archonctl: that name is too long\n", stderr);
		return CTL_USAGE;
	}
	if ((rc = ctl_store_open(ctl, &st, &e)) < 0)
		return complain(&e);
	if ((fd = open(part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) < 0)
		rc = err_set(&e, -errno, "%s: %s", part, strerror(errno));
	if (rc == 0)
		rc = store_backup(st, part, &e);
	if (rc == 0)
		rc = sync_and_name(fd, part, path, &e);
	if (fd >= 0) {
		bytes = lseek(fd, 0, SEEK_END);
		(void)unlink(part);
		(void)close(fd);
	}
	store_close(st);
	if (rc < 0)
		return complain(&e);
	if (!ctl->opt.json) {
		char size[24];

		people_bytes(size, bytes);
		printf("%s: %s, sound; to use it, stop archon, then: archonctl restore %s\n", path, size, path);
		return CTL_DONE;
	}
	json_open(&t, '{');
	json_kstr(&t, "file", path);
	json_kint(&t, "bytes", bytes);
	json_close(&t, '}');
	return print_text(&t);
}

/* -- restore --------------------------------------------------------------------- */

static int
table_forget(const void *arg, struct err *e)	/* it tells of the old store's crawls; archon-api makes a new one of the new store */
{
	const struct ctl *ctl = arg;
	char path[PATH_BYTES];

	(void)snprintf(path, sizeof path, "%s/" TABLE_FILE, ctl->conf.run_dir);
	return unlink(path) == 0 || errno == ENOENT ? 0 : err_set(e, -errno, "%s: %s", path, strerror(errno));
}

int
cmd_restore(const struct ctl *ctl)
{
	struct text t = { 0 };
	struct err e;

	if (store_restore(ctl->conf.state_dir, ctl->opt.word, table_forget, ctl, &e) < 0) {
		fprintf(stderr, "archonctl: %s\nNothing was replaced.\n", e.text);
		return CTL_FAILED;
	}
	if (!ctl->opt.json) {
		printf("%s/archon.db is what %s holds; now start archon (systemctl start archon.target, or conf/run)\n",
		    ctl->conf.state_dir, ctl->opt.word);
		return CTL_DONE;
	}
	json_open(&t, '{');
	json_kstr(&t, "file", ctl->opt.word);
	json_close(&t, '}');
	return print_text(&t);
}

/* -- check ----------------------------------------------------------------------- */

/* Rows whose writer died in the middle and that nobody has mended; -errno when there is no table to be had. */
static int
table_torn(const struct ctl *ctl, struct err *e)
{
	static struct crawl_progress p;		/* 16 KiB: not on the stack */
	struct table *t;
	int rc = table_open_reader(&t, ctl->conf.run_dir, e), torn = 0;

	if (rc < 0)
		return rc;
	for (unsigned i = 0; i < table_n_rows(t); i++)
		torn += table_read(t, i, &p) == -EAGAIN && !table_has_owner(t, i);
	table_close(t);
	return torn;
}

int
cmd_check(const struct ctl *ctl)
{
	struct store *st = NULL;
	struct err store_err = { "sound" }, table_err = { "sound" };
	struct text t = { 0 };
	int rc = ctl_store_open(ctl, &st, &store_err), torn;

	if (rc == 0)
		rc = store_check(st, &store_err);
	store_close(st);
	if ((torn = table_torn(ctl, &table_err)) == -ENOENT)
		err_set(&table_err, 0, "not there: archon does not run");
	else if (torn > 0)
		err_set(&table_err, 0, "%d torn rows; archon-crawler mends them within 10 s if it runs", torn);
	if (ctl->opt.json) {
		json_open(&t, '{');
		json_kbool(&t, "sound", rc == 0 && (torn == 0 || torn == -ENOENT));
		json_kstr(&t, "store", store_err.text);
		json_kstr(&t, "table", table_err.text);
		json_close(&t, '}');
		if (print_text(&t) != CTL_DONE)
			return CTL_FAILED;
	} else {
		printf("store  %s\ntable  %s\n", store_err.text, table_err.text);
		if (rc == -EBADMSG)
			puts("Stop archon, keep a copy of the store, then: archonctl restore the last backup.");
	}
	return rc == 0 && (torn == 0 || torn == -ENOENT) ? CTL_DONE : CTL_FAILED;
}

/* -- vacuum ---------------------------------------------------------------------- */

int
cmd_vacuum(const struct ctl *ctl)
{
	struct store *st = NULL;
	struct store_metrics before, after;
	struct text t = { 0 };
	char was[24], is[24];
	struct err e;
	int rc = ctl_store_open(ctl, &st, &e);

	if (rc < 0)
		return complain(&e);
	if ((rc = store_metrics(st, &before)) == 0 && (rc = store_vacuum(st)) == 0)
		rc = store_metrics(st, &after);
	if (rc == -EBUSY)
		err_set(&e, rc, "the store is being written: try again, or after archonctl list shows no crawl");
	else if (rc == -ENOSPC)
		err_set(&e, rc, "there must be as much free space as the store has: make room, then try again");
	else if (rc < 0)
		err_set(&e, rc, "%s", store_error(st));
	store_close(st);
	if (rc < 0)
		return complain(&e);
	people_bytes(was, before.file_bytes + before.wal_bytes);
	people_bytes(is, after.file_bytes + after.wal_bytes);
	if (!ctl->opt.json) {
		printf("%s, was %s\n", is, was);
		return CTL_DONE;
	}
	json_open(&t, '{');
	json_kint(&t, "bytes_before", before.file_bytes + before.wal_bytes);
	json_kint(&t, "bytes", after.file_bytes + after.wal_bytes);
	json_close(&t, '}');
	return print_text(&t);
}
