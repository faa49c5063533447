/* The file system that a path is on. */
#include "config.h"

#include "shared/disk.h"

#include <errno.h>
#include <sys/statvfs.h>

enum {
	FULL_BYTES = 16 << 20,
	FULL_PERCENT = 20,	/* a disk so small that 16 MiB are much of it is not full by them */
	FULL_INODES = 16,
};

int
disk_look(const char *path, struct disk_facts *out)
{
	struct statvfs v;

	if (statvfs(path, &v) != 0)
		return -errno;
	*out = (struct disk_facts){
		.free_bytes = (uint64_t)v.f_bavail * v.f_frsize, .total_bytes = (uint64_t)v.f_blocks * v.f_frsize,
		.free_inodes = v.f_favail, .total_inodes = v.f_files };
	return 0;
}

bool
disk_lacks_inodes(const struct disk_facts *f)
{
	return f->total_inodes > 0 && f->free_inodes < FULL_INODES;
}

bool
disk_is_full(const struct disk_facts *f)
{
	uint64_t percent = f->total_bytes > 0 ? f->free_bytes * 100 / f->total_bytes : 0;

	return disk_lacks_inodes(f) || (f->free_bytes < FULL_BYTES && percent < FULL_PERCENT);
}
