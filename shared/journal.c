#include "config.h"

#include "shared/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static bool
stderr_is_the_journals(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat sb;

	return stream != NULL && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 && fstat(STDERR_FILENO, &sb) == 0 &&
	    sb.st_dev == dev && sb.st_ino == ino;
}

int
journal_open(const char *socket_path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(socket_path) >= sizeof sa.sun_path || !stderr_is_the_journals())
		return -1;
	(void)snprintf(sa.sun_path, sizeof sa.sun_path, "%s", socket_path);
	if ((fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&sa, sizeof sa) == 0)
		return fd;
	(void)close(fd);		/* lines on stderr get there, too */
	return -1;
}

size_t
journal_entry(char *out, size_t bytes, int priority, const char *program, const char *message)
{
	static const struct { const char *key, *field; } fields[] = {
		{ " crawl=", "ARCHON_CRAWL_ID" }, { " id=", "ARCHON_REQUEST_ID" },
	};
	int n = snprintf(out, bytes, "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\nMESSAGE=%s\n", priority, program, message);
	size_t len = n > 0 ? (size_t)n : bytes;

	for (size_t i = 0; i < sizeof fields / sizeof fields[0] && len < bytes; i++) {
		const char *at = strstr(message, fields[i].key);
		size_t value;

		if (at == NULL)
			continue;
		at += strlen(fields[i].key);
		if ((value = strcspn(at, " ")) == 0)
			continue;
		n = snprintf(out + len, bytes - len, "%s=%.*s\n", fields[i].field, (int)value, at);
		len += n > 0 ? (size_t)n : bytes;
	}
	return len < bytes ? len : 0;
}

bool
journal_send(int fd, int priority, const char *program, const char *message)
{
	char entry[JOURNAL_ENTRY_BYTES];
	size_t len = journal_entry(entry, sizeof entry, priority, program, message);

	return len > 0 && send(fd, entry, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len;
}
