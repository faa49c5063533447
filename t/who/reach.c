/*
 * reach - try what is perhaps forbidden, and say whether it went.  Each line of
 * stdin is `VERB WHAT', each line of stdout that and `yes' or `no: why':
 *
 *	connect PATH	to the unix socket
 *	read PATH	open the file for reading, map it, look at a byte
 *	write PATH	open it for writing, map it, write a byte as it was; or be allowed
 *			to write what was opened for reading; or to change its mode
 *	make PATH	a file in the directory, and take it away
 *	signal UNIT	send signal 0 to the service's process, WHAT=NAME:PID
 *	out PORT	connect to the loopback port by TCP
 *	listen PORT	listen for TCP on a loopback port (0: any)
 *
 *	reach listen PATH GID PROGRAM ARG...
 *
 * makes a listening socket at PATH, root's with mode 0660 and that group, hands it
 * to the program as systemd would, and becomes that.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { PATH_BYTES = 256 };

typedef int try_f(const char *what);	/* 0, or -errno */

static int
at_path(struct sockaddr_un *sun, const char *path)
{
	*sun = (struct sockaddr_un){ .sun_family = AF_UNIX };
	return snprintf(sun->sun_path, sizeof sun->sun_path, "%s", path) < (int)sizeof sun->sun_path ? 0 : -ENAMETOOLONG;
}

static int
closed(int fd, int rc)
{
	if (fd != -1)
		close(fd);
	return rc;
}

static int
try_connect(const char *path)
{
	struct sockaddr_un sun;
	int rc = at_path(&sun, path), fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (rc == 0 && (fd == -1 || connect(fd, (const struct sockaddr *)&sun, sizeof sun) == -1))
		rc = -errno;
	return closed(fd, rc);
}

static int
try_map(int fd, int prot)
{
	struct stat sb;
	_Atomic unsigned char *p;	/* then the access is made, though nobody needs its value */

	if (fstat(fd, &sb) == -1)
		return -errno;
	if (sb.st_size == 0)
		return 0;
	if ((p = mmap(NULL, 1, prot, MAP_SHARED, fd, 0)) == MAP_FAILED)
		return -errno;
	if ((prot & PROT_WRITE) != 0)
		p[0] = p[0];
	else
		(void)p[0];
	return munmap((void *)(uintptr_t)p, 1) == -1 ? -errno : 0;
}

static int
try_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	return fd == -1 ? -errno : closed(fd, try_map(fd, PROT_READ));
}

static int
try_write(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK), rc = fd == -1 ? -errno : closed(fd, try_map(fd, PROT_READ | PROT_WRITE));
	struct stat sb;

	if (rc == 0)
		return 0;
	/* Other ways to the same. */
	if ((fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK)) != -1)
		return closed(fd, 0);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) != -1) {
		if (closed(fd, try_map(fd, PROT_READ | PROT_WRITE)) == 0)
			return 0;
	}
	if (stat(path, &sb) == 0 && (truncate(path, sb.st_size) == 0 || chmod(path, sb.st_mode & 0777) == 0))
		return 0;
	return rc;
}

static int
try_make(const char *dir)
{
	char path[PATH_BYTES];
	int fd;

	(void)snprintf(path, sizeof path, "%s/tried.%d", dir, (int)getpid());
	if ((fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) == -1)
		return -errno;
	return closed(fd, unlink(path) == -1 ? -errno : 0);
}

static int
try_signal(const char *what)
{
	const char *colon = strrchr(what, ':');
	long pid = colon != NULL ? strtol(colon + 1, NULL, 10) : 0;

	if (pid <= 1)
		return -ESRCH;
	return kill((pid_t)pid, 0) == -1 ? -errno : 0;
}

static int
tcp(const char *port, int (*then)(int, const struct sockaddr *, socklen_t))
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons((uint16_t)strtol(port, NULL, 10)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return closed(fd, fd == -1 || then(fd, (const struct sockaddr *)&sin, sizeof sin) == -1 ? -errno : 0);
}

static int
bind_and_listen(int fd, const struct sockaddr *sa, socklen_t len)
{
	return bind(fd, sa, len) == -1 ? -1 : listen(fd, 1);
}

static int
try_out(const char *port)
{
	return tcp(port, connect);
}

static int
try_listen(const char *port)
{
	return tcp(port, bind_and_listen);
}

static const struct { const char *verb; try_f *f; } tries[] = {
	{ "connect", try_connect }, { "read", try_read }, { "write", try_write }, { "make", try_make },
	{ "signal", try_signal }, { "out", try_out }, { "listen", try_listen },
};

static void
try_line(const char *verb, const char *what)
{
	for (unsigned i = 0; i < sizeof tries / sizeof tries[0]; i++)
		if (strcmp(tries[i].verb, verb) == 0) {
			int rc = tries[i].f(what);

			printf("%s %s %s%s\n", verb, what, rc == 0 ? "yes" : "no: ", rc == 0 ? "" : strerror(-rc));
			return;
		}
	printf("%s %s unknown\n", verb, what);
}

static int
become(char **argv)		/* PATH GID PROGRAM ARG... */
{
	struct sockaddr_un sun;
	char pid[16];
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)umask(0117);
	if (fd == -1 || at_path(&sun, argv[0]) < 0 || bind(fd, (const struct sockaddr *)&sun, sizeof sun) == -1
	    || chown(argv[0], 0, (gid_t)strtol(argv[1], NULL, 10)) == -1 || listen(fd, 128) == -1 || (fd != 3 && dup2(fd, 3) == -1)) {
		perror(argv[0]);
		return 1;
	}
	(void)snprintf(pid, sizeof pid, "%d", (int)getpid());
	(void)setenv("LISTEN_PID", pid, 1);
	(void)setenv("LISTEN_FDS", "1", 1);
	(void)umask(0077);
	(void)execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 1;
}

int
main(int argc, char **argv)
{
	char verb[16], what[PATH_BYTES];

	if (argc > 4 && strcmp(argv[1], "listen") == 0)
		return become(argv + 2);
	while (scanf("%15s %255s", verb, what) == 2)
		try_line(verb, what);
	return fflush(stdout) == 0 ? 0 : 1;
}
