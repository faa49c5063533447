/*
 * disk - the file system that a path is on, and whether it is full for archon.  Health
 * and `archonctl doctor' judge by it, so they say the same.
 */
#ifndef DISK_H
#define DISK_H

#include <stdbool.h>
#include <stdint.h>

struct disk_facts {		/* free: to a user who is not root */
	uint64_t free_bytes, total_bytes;
	uint64_t free_inodes, total_inodes;	/* both 0: it has no such limit */
};

int disk_look(const char *path, struct disk_facts *out);	/* 0 or -errno */

bool disk_lacks_inodes(const struct disk_facts *f);	/* no new file */
/* Or too little for a batch of pages and what the search index needs to merge. */
bool disk_is_full(const struct disk_facts *f);

#endif
