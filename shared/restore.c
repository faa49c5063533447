#include "config.h"

#include "shared/restore.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "shared/knowledge.h"
#include "shared/log.h"

static int
restore_one(const struct crawl_entry *c, void *arg)
{
	struct crawl_progress p = *c->progress;
	int rc;

	p.seq++;			/* what a client has seen before is not the same as this */
	rc = table_add(arg, &p);
	if (rc == -EEXIST)
		return 0;		/* the hash of another's id: this one is not shown, but the others are */
	return rc == -ENOSPC ? 1 : rc < 0 ? rc : 0;	/* full: the rest waits in the store */
}

static int
restore_fill(struct table *t, void *arg)
{
	struct store *st = arg;
	int rc = store_crawls_live(st, restore_one, t);

	if (rc == 0)
		rc = store_crawls_ended(st, 0, RESTORE_ENDED, restore_one, t);
	if (rc >= 0)
		rc = knowledge_publish(t, st, NULL);
	return rc < 0 ? rc : 0;
}

static void
restore_sweep(const char *dir)		/* what makers left that were killed; the lock says none is at work */
{
	char pattern[CONF_TEXT_BYTES + sizeof TABLE_FILE + 8];
	glob_t found;

	(void)snprintf(pattern, sizeof pattern, "%s/" TABLE_FILE ".*.new", dir);
	if (glob(pattern, GLOB_NOSORT, NULL, &found) != 0)
		return;			/* nothing there, or no memory: the next start sweeps */
	for (size_t i = 0; i < found.gl_pathc; i++)
		(void)unlink(found.gl_pathv[i]);	/* somebody else's: not ours to mend */
	globfree(&found);
}

int
restore_table(struct table **out, const struct conf *conf, struct store *st, struct err *e)
{
	int fd, rc = table_open(out, conf->run_dir, e);

	if (rc != -ENOENT && rc != -ESTALE && rc != -EBADMSG)
		return rc;

	/* One maker at a time; whoever waited here finds the table of the other. */
	if ((fd = table_lock_file(conf->run_dir, e)) < 0)
		return fd;
	do {
		rc = flock(fd, LOCK_EX) == -1 ? -errno : 0;
	} while (rc == -EINTR);
	if (rc < 0) {
		rc = err_set(e, rc, "%s/" TABLE_FILE ".lock: %s", conf->run_dir, strerror(-rc));
		goto done;
	}
	rc = table_open(out, conf->run_dir, e);
	if (rc == -ENOENT || rc == -ESTALE || rc == -EBADMSG) {
		if (rc != -ENOENT)
			log_event(LOG_WARNING, "table replaced why=\"%s\"", e != NULL ? e->text : "");
		restore_sweep(conf->run_dir);
		if ((rc = table_create(conf->run_dir, (unsigned)conf->table_rows, restore_fill, st, e)) == 0)
			rc = table_open(out, conf->run_dir, e);
	}
done:
	close(fd);			/* releases the lock */
	return rc;
}
