/*
 * sandbox - shut this process in before it looks at a stranger's document, for
 * good and for whatever it executes afterwards.  It keeps its open descriptors, and:
 *
 *	it dies with its parent;
 *	as root it becomes nobody first;
 *	it gets no new privileges, no network, no further process, signals nobody,
 *	opens no file for writing and changes none (seccomp: such calls fail with EPERM);
 *	it reads no file but programs, libraries and fonts (Landlock, where the
 *	kernel has it; Linux 5.13);
 *	processor time and memory have limits.
 *
 * None of it needs a privilege, a helper or a mount, so it is the same under
 * systemd's hardening, in a container and for a user on a terminal.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stddef.h>

struct sandbox_limits {
	unsigned cpu_s;
	size_t	 memory_bytes;		/* address space; 0: no limit */
};

/* 0, or -errno: not all of it is in force, so nothing must be read. */
int sandbox_enter(const struct sandbox_limits *limits);

#endif
