#include "config.h"

#include "t/bench/rig.h"

#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/message.h"
#include "shared/text.h"
#include "shared/ring.h"
#include "shared/ws_frame.h"

static const uint64_t stamp_base = 1000000000000000;	/* so that every stamp has the same width */

void
die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)fputs("bench: ", stderr);
	(void)vfprintf(stderr, fmt, ap);
	(void)fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

/* -- processes ----------------------------------------------------------------- */

pid_t
child(void)
{
	pid_t parent = getpid(), pid;

	(void)fflush(NULL);
	if ((pid = fork()) == -1)
		die("fork: %s", strerror(errno));
	if (pid == 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != parent))
		_exit(1);
	return pid;
}

void
child_wait(pid_t pid)
{
	int st;

	if (waitpid(pid, &st, 0) != pid)
		die("waitpid: %s", strerror(errno));
	if (!WIFEXITED(st) || WEXITSTATUS(st) != 0)
		die("process %d ended badly (status %#x)", (int)pid, (unsigned)st);
}

void
process_core(enum rig_core which)
{
	cpu_set_t all, set;
	int first = 0;

	CPU_ZERO(&all);
	CPU_ZERO(&set);
	for (int i = 0; i < (int)sysconf(_SC_NPROCESSORS_ONLN) && i < CPU_SETSIZE; i++)
		CPU_SET(i, &all);
	if (CPU_COUNT(&all) < 2)
		return;
	if (which == CORE_TARGET)
		CPU_SET(first, &set);
	else
		for (int i = first + 1; i < CPU_SETSIZE; i++)
			if (CPU_ISSET(i, &all))
				CPU_SET(i, &set);
	if (sched_setaffinity(0, sizeof set, &set) == -1)
		die("sched_setaffinity: %s", strerror(errno));
}

int64_t
process_cpu_ns(pid_t pid)
{
	struct timespec ts;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &ts) == -1)
		die("no CPU clock of process %d", (int)pid);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t
process_pss_bytes(pid_t pid)
{
	static const char key[] = "Pss:";
	char path[64], line[256];
	long long kib = -1;
	FILE *f;

	(void)snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
	if ((f = fopen(path, "re")) == NULL)
		die("%s: %s", path, strerror(errno));
	while (kib < 0 && fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, key, sizeof key - 1) == 0)
			kib = strtoll(line + sizeof key - 1, NULL, 10);
	(void)fclose(f);
	if (kib < 0)
		die("%s has no %s", path, key);
	return kib * 1024;
}

unsigned long
files_limit(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		die("getrlimit: %s", strerror(errno));
	rl.rlim_cur = rl.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &rl);	/* what is in force is asked next */
	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		die("getrlimit: %s", strerror(errno));
	return rl.rlim_cur;
}

void
pause_ms(int64_t ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&ts, &ts) == -1 && errno == EINTR)
		;
}

void *
shared_memory(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	return p;
}

static struct sockaddr_un
unix_address(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof sa.sun_path)
		die("%s: too long for a socket", path);
	(void)snprintf(sa.sun_path, sizeof sa.sun_path, "%s", path);
	return sa;
}

int
unix_connect(const char *path)
{
	struct sockaddr_un sa = unix_address(path);
	int64_t until_ns = clock_mono_ns() + 20000000000;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1)
		die("socket: %s", strerror(errno));
	while (connect(fd, (struct sockaddr *)&sa, sizeof sa) == -1) {
		if (errno != EINTR && errno != ENOENT && errno != ECONNREFUSED && errno != EAGAIN)
			die("connect %s: %s", path, strerror(errno));
		if (clock_mono_ns() > until_ns)
			die("nobody listens on %s", path);
		pause_ms(2);
	}
	return fd;
}

int
unix_listen(const char *path)
{
	struct sockaddr_un sa = unix_address(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)unlink(path);
	if (fd == -1 || bind(fd, (struct sockaddr *)&sa, sizeof sa) == -1 || listen(fd, 4096) == -1)
		die("listen %s: %s", path, strerror(errno));
	return fd;
}

/* -- publishing ---------------------------------------------------------------- */

uint64_t
rig_stamp(void)
{
	return stamp_base + (uint64_t)clock_mono_ns();
}

void
rig_id(char id[ROW_ID_BYTES], enum rig_target t)
{
	(void)snprintf(id, ROW_ID_BYTES, "5e0c1a52-3f5b-4b6e-9d1c-0a4f6c2b7d1%c", "012"[t]);
}

const char *
rig_path(const struct rig *g, enum rig_target t)
{
	static char path[128];
	char id[ROW_ID_BYTES];

	if (g->logs)
		return "/api/mcp/logs/stream";
	rig_id(id, t);
	(void)snprintf(path, sizeof path, "/api/crawl-progress/%s", id);
	return path;
}

const char *
rig_stamp_key(const struct rig *g)
{
	return g->logs ? "stamp=" : "\"bytesFetched\":";
}

static int
log_message(char out[RING_MESSAGE_BYTES], uint64_t stamp)	/* a frame of some 300 bytes */
{
	return snprintf(out, RING_MESSAGE_BYTES, "GET /guide/page.html 200 in 31 ms, 18432 bytes, 14 links, 12 chunks, 3 code examples; "
	    "stored under 0123456789abcdef; %s%016llu; next is /guide/another-page.html", "stamp=", (unsigned long long)stamp % 10000000000000000ULL);
}

static void
rig_log(struct rig *g)
{
	char text[RING_MESSAGE_BYTES];
	struct ring_line line = { .level = RING_INFO, .logger = SLICE_LIT("archon-crawler") };
	int64_t rc;

	line.message = (struct slice){ text, (size_t)log_message(text, rig_stamp()) };
	if ((rc = ring_append(g->table, &line, 1)) < 0)
		die("ring_append: %s", strerror((int)-rc));
}

void
rig_publish(struct rig *g, enum rig_target t)
{
	if (rig_is_floor(g, t)) {
		atomic_store(&g->shared->floor[t].stamp, rig_stamp());
		(void)eventfd_write(g->floor[t].efd, 1);	/* non-blocking: readable already when it fails */
		return;
	}
	if (g->logs) {
		rig_log(g);
		return;
	}
	g->progress.seq = atomic_fetch_add(&g->shared->seq, 1) + 1;
	rig_id(g->progress.id, t);
	g->progress.bytes_fetched = rig_stamp();
	table_publish(g->table, g->row[t], &g->progress);
}

pid_t
rig_publisher(struct rig *g, enum rig_target t, int64_t period_ns, double jitter, unsigned count)
{
	pid_t pid;
	int64_t at_ns;

	atomic_store(&g->shared->publishing, 1);
	if ((pid = child()) != 0)
		return pid;
	/* Where one may: behind the readers it would publish late, and the target would sleep at no fault of its own. */
	(void)sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){ .sched_priority = 1 });
	srandom((unsigned)getpid());
	at_ns = clock_mono_ns();
	for (unsigned i = 0; count == 0 ? atomic_load(&g->shared->publishing) : i < count; i++) {
		double shift = jitter * (2 * (double)random() / 2147483648.0 - 1);
		int64_t now_ns = clock_mono_ns();
		struct timespec ts;

		at_ns += period_ns + (int64_t)((double)period_ns * shift);
		if (at_ns < now_ns)
			at_ns = now_ns;		/* cannot keep the pace: no burst to make up for it */
		ts = (struct timespec){ at_ns / 1000000000, at_ns % 1000000000 };
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
			;
		rig_publish(g, t);
	}
	_exit(0);
}

void
rig_publisher_stop(struct rig *g, pid_t pid)
{
	atomic_store(&g->shared->publishing, 0);
	child_wait(pid);
}

/* -- the rig ------------------------------------------------------------------- */

static void
rig_progress(struct crawl_progress *p)	/* a crawl as they are half-way */
{
	*p = (struct crawl_progress){
		.seq = 1, .phase = CRAWL_CRAWLING, .percentage = 40, .total_pages = 1200, .processed_pages = 480,
		.chunks_stored = 1600, .word_count = 310000, .code_examples = 120, .pages_per_ks = 210500,
		.eta_ms = 4000, .started_wall_ms = clock_wall_ms(), .updated_wall_ms = clock_wall_ms(),
		.bytes_fetched = rig_stamp(),
	};
	rig_id(p->id, RIG_FLOOR);
	FIELD_SET(p->source_id, "0123456789abcdef");
	FIELD_SET(p->url, "https://docs.example.com/");
	FIELD_SET(p->current_url, "https://docs.example.com/guide/page.html");
}

static void
rig_frame(struct rig *g)
{
	uint8_t header[WS_HEADER_MAX];
	struct text t = { 0 };
	const char *key = rig_stamp_key(g);
	size_t n;
	char *at;

	if (g->logs) {
		static struct ring_entry entry = { .seq = 1800000000000, .level = RING_INFO, .logger = "archon-crawler" };

		entry.wall_ms = clock_wall_ms();
		entry.message_len = (uint32_t)log_message(entry.message, 0);
		message_log(&t, &entry);
	} else {
		message_progress(&t, &g->progress);
	}
	if (t.failed || (at = memmem(t.p, t.len, key, strlen(key))) == NULL)
		die("the message has no %s", key);
	n = ws_header_write(header, WS_TEXT, t.len, NULL);
	g->frame_len = n + t.len;
	g->stamp_at = n + (size_t)(at - t.p) + strlen(key);
	if ((g->frame = malloc(g->frame_len)) == NULL)
		die("memory");
	memcpy(g->frame, header, n);
	memcpy(g->frame + n, t.p, t.len);
	text_fini(&t);
}

void
rig_relay_start(struct rig *g)
{
	int fd;

	(void)unlink(g->relay_socket);
	if ((g->relay_pid = child()) == 0) {
		process_core(CORE_TARGET);
		execl(g->relay, g->relay, "--config", g->config, "--socket", g->relay_socket, (char *)NULL);
		die("%s: %s", g->relay, strerror(errno));
	}
	fd = unix_connect(g->relay_socket);
	close(fd);
}

void
rig_relay_stop(struct rig *g)
{
	if (kill(g->relay_pid, SIGTERM) == -1)
		die("kill: %s", strerror(errno));
	child_wait(g->relay_pid);
	g->relay_pid = 0;
}

static void
rig_floor_start(struct rig *g, enum rig_target t)
{
	struct rig_floor *f = &g->floor[t];
	int listen_fd;

	(void)snprintf(f->socket, sizeof f->socket, "%s/floor%u.sock", g->run_dir, t);
	if ((f->efd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) == -1)
		die("eventfd: %s", strerror(errno));
	listen_fd = unix_listen(f->socket);
	if ((f->pid = child()) == 0) {
		process_core(CORE_TARGET);
		floor_main(g, t, listen_fd);
	}
	close(listen_fd);
}

static void
rig_options(struct rig *g, int argc, char **argv)
{
	static const struct option options[] = {
		{ "run", required_argument, NULL, 'd' }, { "relay", required_argument, NULL, 'r' },
		{ "config", required_argument, NULL, 'c' }, { "nginx", required_argument, NULL, 'n' },
		{ "nginx-pid", required_argument, NULL, 'p' }, { "quick", no_argument, NULL, 'q' }, { "logs", no_argument, NULL, 'l' },
		{ "self", no_argument, NULL, 's' }, { NULL, 0, NULL, 0 },
	};
	int o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (o) {
		case 'd': g->run_dir = optarg; break;
		case 'r': g->relay = optarg; break;
		case 'c': g->config = optarg; break;
		case 'n': g->nginx_socket = optarg; break;
		case 'p': g->nginx_pid = (pid_t)strtol(optarg, NULL, 10); break;
		case 'q': g->quick = true; break;
		case 'l': g->logs = true; break;
		case 's': g->self = true; break;
		default: exit(64);
		}
	if (g->run_dir == NULL || g->relay == NULL || g->config == NULL)
		die("--run, --relay and --config are needed: see t/bench/live");
}

void
rig_start(struct rig *g, int argc, char **argv)
{
	struct err e = { "" };
	int rc;

	*g = (struct rig){ 0 };
	rig_options(g, argc, argv);
	(void)snprintf(g->relay_socket, sizeof g->relay_socket, "%s/relay.sock", g->run_dir);
	(void)files_limit();
	process_core(CORES_DRIVER);
	g->shared = shared_memory(sizeof *g->shared);
	atomic_store(&g->shared->seq, 1);
	rig_progress(&g->progress);
	rig_frame(g);
	if (table_create(g->run_dir, TABLE_ROWS_MIN, NULL, NULL, &e) < 0 ||
	    table_open(&g->table, g->run_dir, &e) < 0)
		die("%s", e.text);
	for (unsigned t = RIG_RELAY; t < RIG_TARGETS; t++) {
		rig_id(g->progress.id, t);
		if ((rc = table_add(g->table, &g->progress)) < 0)
			die("table_add: %s", strerror(-rc));
		g->row[t] = (unsigned)rc;
		if ((rc = table_claim(g->table, g->row[t])) < 0)
			die("table_claim: %s", strerror(-rc));
	}
	for (unsigned t = 0; t < RIG_FLOORS; t++)
		if (rig_is_floor(g, t))
			rig_floor_start(g, t);
		else
			rig_relay_start(g);
}

void
rig_stop(struct rig *g)
{
	if (g->relay_pid != 0)
		rig_relay_stop(g);
	for (unsigned t = 0; t < RIG_FLOORS && rig_is_floor(g, t); t++) {
		(void)kill(g->floor[t].pid, SIGKILL);	/* it has nothing to tidy */
		(void)waitpid(g->floor[t].pid, NULL, 0);
		close(g->floor[t].efd);
	}
	table_close(g->table);
	free(g->frame);
}

bool
rig_has(const struct rig *g, enum rig_target t)
{
	return t != RIG_NGINX || g->nginx_pid != 0;
}

bool
rig_is_floor(const struct rig *g, enum rig_target t)
{
	return t == RIG_FLOOR || (t == RIG_RELAY && g->self);
}

const char *
rig_name(enum rig_target t)
{
	static const char *const names[] = {
		[RIG_FLOOR] = "floor", [RIG_RELAY] = "relay", [RIG_NGINX] = "relay behind nginx",
	};
	return names[t];
}

const char *
rig_socket(const struct rig *g, enum rig_target t)
{
	return rig_is_floor(g, t) ? g->floor[t].socket : t == RIG_RELAY ? g->relay_socket : g->nginx_socket;
}

pid_t
rig_pid(const struct rig *g, enum rig_target t)
{
	return rig_is_floor(g, t) ? g->floor[t].pid : g->relay_pid;
}

int64_t
rig_nginx_sum(const struct rig *g, int64_t of(pid_t pid))
{
	char path[80];
	int64_t sum = 0;
	FILE *f;
	int pid;

	(void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)g->nginx_pid, (int)g->nginx_pid);
	if ((f = fopen(path, "re")) == NULL)
		die("%s: %s", path, strerror(errno));
	while (fscanf(f, "%d", &pid) == 1)
		sum += of(pid);
	(void)fclose(f);
	return sum;
}
