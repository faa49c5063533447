#include "config.h"

#include "crawler/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NOBODY = 65534, FILES_MAX = 64 };

/* -- files (Landlock, version 1 of its interface) ---------------------------------- */

static int
may_read(int ruleset, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr at = { .allowed_access = access };
	int rc;

	if ((at.parent_fd = open(path, O_PATH | O_CLOEXEC)) < 0)
		return errno == ENOENT ? 0 : -errno;
	rc = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &at, 0) == 0 ? 0 : -errno;
	(void)close(at.parent_fd);	/* a handle only */
	return rc;
}

static int
limit_files(void)
{
	static const char *const readable[] = { "/usr", "/lib", "/lib64", "/bin", "/etc/fonts" };
	const struct landlock_ruleset_attr attr = {
		.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1,	/* all that version 1 knows */
	};
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0), rc = 0;

	if (ruleset < 0)		/* the kernel has none, or the filter we run under lets nobody ask: then seccomp has to do */
		return errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM ? 0 : -errno;
	for (size_t i = 0; rc == 0 && i < sizeof readable / sizeof readable[0]; i++)
		rc = may_read(ruleset, readable[i],
		    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR);
	if (rc == 0)
		rc = may_read(ruleset, "/etc/ld.so.cache", LANDLOCK_ACCESS_FS_READ_FILE);
	if (rc == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		rc = -errno;
	(void)close(ruleset);
	return rc;
}

/* -- system calls (seccomp) -------------------------------------------------------- */

#if defined __x86_64__
#define ARCH AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define ARCH AUDIT_ARCH_AARCH64
#elif defined __riscv && __riscv_xlen == 64
#define ARCH AUDIT_ARCH_RISCV64
#else
#define ARCH 0				/* refused below: nobody has looked at its calls */
#endif

/* What no reader of documents needs.  Old forms exist on old architectures only. */
static const int denied[] = {
	SYS_socket, SYS_socketpair, SYS_connect, SYS_bind, SYS_listen, SYS_accept, SYS_accept4,
	SYS_sendto, SYS_sendmsg, SYS_sendmmsg, SYS_recvfrom, SYS_recvmsg, SYS_recvmmsg,
	SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
	SYS_clone, SYS_clone3, SYS_execveat, SYS_kill, SYS_tkill, SYS_tgkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo,
	SYS_pidfd_open, SYS_pidfd_send_signal, SYS_pidfd_getfd, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev,
	SYS_unshare, SYS_setns, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_move_mount, SYS_open_tree,
	SYS_fsopen, SYS_fsmount, SYS_keyctl, SYS_add_key, SYS_request_key, SYS_bpf, SYS_perf_event_open, SYS_userfaultfd,
	SYS_openat2, SYS_unlinkat, SYS_renameat2, SYS_mkdirat, SYS_linkat, SYS_symlinkat, SYS_mknodat, SYS_truncate,
	SYS_fchmod, SYS_fchmodat, SYS_fchown, SYS_fchownat, SYS_utimensat, SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr,
	SYS_removexattr, SYS_lremovexattr, SYS_fremovexattr, SYS_setpriority, SYS_sched_setaffinity, SYS_sched_setscheduler,
	SYS_shmget, SYS_msgget, SYS_semget, SYS_mq_open, SYS_open_by_handle_at,
#ifdef SYS_renameat
	SYS_renameat,
#endif
#ifdef SYS_fork
	SYS_fork, SYS_vfork, SYS_creat, SYS_unlink, SYS_rename, SYS_mkdir, SYS_rmdir, SYS_link, SYS_symlink, SYS_mknod,
	SYS_chmod, SYS_chown, SYS_lchown, SYS_utime, SYS_utimes, SYS_futimesat,
#endif
};
enum { N_DENIED = sizeof denied / sizeof denied[0], N_OPENS = 2, PROGRAM_MAX = 8 + 2 * N_DENIED + 5 * N_OPENS };

struct program {
	struct sock_filter op[PROGRAM_MAX];
	unsigned short	   n;
};

static void
emit(struct program *p, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
	p->op[p->n++] = (struct sock_filter){ code, jt, jf, k };
}

static void
load(struct program *p, size_t at)
{
	emit(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)at, 0, 0);
}

static void
verdict(struct program *p, uint32_t what)
{
	emit(p, BPF_RET | BPF_K, what, 0, 0);
}

/* The number is loaded: an opening call whose flags (argument i) would write fails. */
static void
deny_writing(struct program *p, int nr, unsigned i)
{
	size_t low = offsetof(struct seccomp_data, args) + i * sizeof(uint64_t);	/* little-endian, all three of them */

	emit(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr, 0, 4);
	load(p, low);
	emit(p, BPF_JMP | BPF_JSET | BPF_K, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0, 1);
	verdict(p, SECCOMP_RET_ERRNO | EPERM);
	verdict(p, SECCOMP_RET_ALLOW);
}

static int
limit_calls(void)
{
	struct program p = { .n = 0 };
	struct sock_fprog prog;

	if (ARCH == 0)
		return -ENOSYS;
	load(&p, offsetof(struct seccomp_data, arch));
	emit(&p, BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
	verdict(&p, SECCOMP_RET_KILL_PROCESS);
	load(&p, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
	emit(&p, BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1);	/* x32: the same calls under other numbers */
	verdict(&p, SECCOMP_RET_KILL_PROCESS);
#endif
	for (unsigned i = 0; i < N_DENIED; i++) {
		emit(&p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)denied[i], 0, 1);
		verdict(&p, SECCOMP_RET_ERRNO | EPERM);
	}
	deny_writing(&p, SYS_openat, 2);
#ifdef SYS_open
	deny_writing(&p, SYS_open, 1);
#endif
	verdict(&p, SECCOMP_RET_ALLOW);
	prog = (struct sock_fprog){ .len = p.n, .filter = p.op };
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) == 0 ? 0 : -errno;
}

/* -- the rest ---------------------------------------------------------------------- */

static int
limit(int what, rlim_t soft, rlim_t hard)
{
	struct rlimit r = { soft, hard };

	return setrlimit(what, &r) == 0 ? 0 : -errno;
}

static int
limit_resources(const struct sandbox_limits *l)
{
	int rc = limit(RLIMIT_CORE, 0, 0);

	if (rc == 0)
		rc = limit(RLIMIT_CPU, l->cpu_s, l->cpu_s + 1);	/* SIGXCPU tells why, SIGKILL follows */
	if (rc == 0)
		rc = limit(RLIMIT_FSIZE, 0, 0);
	if (rc == 0)
		rc = limit(RLIMIT_NOFILE, FILES_MAX, FILES_MAX);
	if (rc == 0 && l->memory_bytes > 0)
		rc = limit(RLIMIT_AS, l->memory_bytes, l->memory_bytes);
	return rc;
}

static int
drop_root(void)
{
	if (geteuid() != 0)
		return 0;
	if (setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0)
		return 0;
	return errno == EINVAL || errno == EPERM ? 0 : -errno;	/* a namespace that has nobody but this root */
}

int
sandbox_enter(const struct sandbox_limits *limits)
{
	int rc = drop_root();

	/* After the change of user, which clears it. */
	if (rc == 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0))
		rc = -errno;
	if (rc == 0)
		rc = limit_files();
	if (rc == 0)
		rc = limit_resources(limits);
	return rc == 0 ? limit_calls() : rc;
}
