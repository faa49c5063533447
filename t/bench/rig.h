/*
 * rig - what the benches of the relay stand on: a table with one crawl, a real
 * archon-relay that follows it, nginx where the caller started one, and a
 * floor, the barest process that can do the same work.  Every target is given
 * the same frame: a crawl_progress message whose bytesFetched says when it was
 * published, so a reader knows how long the message was under way.
 *
 * A bench ends the process when something is not as it must be: figures of a
 * half-working rig are worse than none.
 */
#ifndef RIG_H
#define RIG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "shared/progress_row.h"
#include "shared/table.h"

enum { RIG_TARGETS = 3, RIG_FLOORS = 2 };
enum rig_target { RIG_FLOOR, RIG_RELAY, RIG_NGINX };

struct rig_shared {			/* between the processes of a bench */
	struct {
		_Atomic uint64_t stamp;		/* its newest */
		atomic_uint	 clients;
	}		 floor[RIG_FLOORS];
	_Atomic uint64_t seq;		/* of the row's last publication */
	atomic_int	 publishing;
};

struct rig {
	const char *run_dir, *relay, *config, *nginx_socket;
	pid_t	    nginx_pid;		/* the master; 0: there is no nginx */
	bool	    quick, logs;	/* the log stream, not a crawl's: there every message counts */
	bool	    self;		/* in the relay's place is a second floor: every ratio must be 1 */
	char	    relay_socket[108];
	pid_t	    relay_pid;
	struct rig_floor {
		char  socket[108];
		pid_t pid;
		int   efd;
	}	    floor[RIG_FLOORS];	/* by target */
	struct rig_shared *shared;
	struct table	  *table;
	unsigned	   row[RIG_TARGETS];	/* each has a crawl of its own: nobody else is sent what it is */
	struct crawl_progress progress;
	char	   *frame;		/* the floor's, with room for a stamp */
	size_t	    frame_len, stamp_at;
};

enum { STAMP_DIGITS = 16 };

__attribute__((noreturn, format(printf, 1, 2)))
void die(const char *fmt, ...);

/* --run DIR --relay PROGRAM --config FILE [--nginx SOCKET --nginx-pid PID] [--quick] [--logs] [--self] */
void rig_start(struct rig *g, int argc, char **argv);
void rig_stop(struct rig *g);
void rig_relay_start(struct rig *g);	/* also again, after rig_relay_stop() */
void rig_relay_stop(struct rig *g);

bool rig_has(const struct rig *g, enum rig_target t);
bool rig_is_floor(const struct rig *g, enum rig_target t);
const char *rig_name(enum rig_target t);
const char *rig_socket(const struct rig *g, enum rig_target t);
pid_t rig_pid(const struct rig *g, enum rig_target t);	/* what does the work; behind nginx: the relay */
int64_t rig_nginx_sum(const struct rig *g, int64_t of(pid_t pid));	/* over nginx's workers */

uint64_t rig_stamp(void);			/* now, as STAMP_DIGITS digits */
void rig_publish(struct rig *g, enum rig_target t);
void rig_id(char id[ROW_ID_BYTES], enum rig_target t);	/* of its crawl */
const char *rig_path(const struct rig *g, enum rig_target t);	/* of its stream (static) */
const char *rig_stamp_key(const struct rig *g);		/* the stamp follows it in every message */

/*
 * A process that publishes: count times (0: until rig_publisher_stop()), every
 * period_ns, each moved by up to a fraction jitter of the period.
 */
pid_t rig_publisher(struct rig *g, enum rig_target t, int64_t period_ns, double jitter, unsigned count);
void rig_publisher_stop(struct rig *g, pid_t pid);	/* or wait for its end, when it has a count */

/* -- processes ----------------------------------------------------------------- */

pid_t child(void);				/* fork(), dies with its parent */
void child_wait(pid_t pid);			/* it must end well */
/*
 * What is measured has a core of its own, what measures the others, so that both
 * have the same whatever the scheduler would do.  With one core only: no change.
 */
enum rig_core { CORE_TARGET, CORES_DRIVER };
void process_core(enum rig_core which);		/* the calling process, and whom it starts */
int64_t process_cpu_ns(pid_t pid);
int64_t process_pss_bytes(pid_t pid);
unsigned long files_limit(void);		/* raised as far as it goes */
void pause_ms(int64_t ms);
void *shared_memory(size_t bytes);
int unix_connect(const char *path);		/* blocking; waits for the listener to appear */
int unix_listen(const char *path);

/* floor.c: a process of its own; never returns. */
__attribute__((noreturn))
void floor_main(struct rig *g, unsigned which, int listen_fd);

#endif
