/* fuzz_conf - any bytes as archon.conf: refused with a sentence, or printed and read back the same. */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "shared/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int
load(struct conf *c, const void *bytes, size_t len, struct err *e)
{
	static int fd = -1;
	char path[32];

	if (fd == -1 && (fd = memfd_create("archon.conf", MFD_CLOEXEC)) == -1)
		abort();
	if (ftruncate(fd, 0) == -1 || pwrite(fd, bytes, len, 0) != (ssize_t)len)
		abort();
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return conf_load(c, path, e);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct conf c, back;
	struct err e = { "" };
	size_t printed_len;
	char *printed;
	FILE *f;

	if (load(&c, data, len, &e) < 0) {
		if (e.text[0] == '\0')
			abort();
		return 0;
	}
	if ((f = open_memstream(&printed, &printed_len)) == NULL)
		abort();
	conf_print(&c, f);
	if (fclose(f) != 0 || load(&back, printed, printed_len, &e) < 0 || memcmp(&c, &back, sizeof c) != 0)
		abort();
	free(printed);
	return 0;
}
