/*
 * multipart - read a form (multipart/form-data, RFC 7578 and RFC 2046, 5.1) as it
 * comes, in pieces of any size, holding no more of it than one part's head.  No
 * I/O: what is read goes to the three functions of its user.
 *
 * What is before the first delimiter and after the last is passed over.  Of a
 * part's head only Content-Disposition is looked at.
 */
#ifndef MULTIPART_H
#define MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

enum {
	MULTIPART_BOUNDARY_MAX = 70,	/* RFC 2046, 5.1.1 */
	MULTIPART_HEAD_BYTES = 4096,	/* of one part; browsers send some hundred */
	MULTIPART_PARTS_MAX = 64,
	MULTIPART_NAME_BYTES = 64,
	MULTIPART_FILE_BYTES = 1024,
};

struct multipart_part {
	char name[MULTIPART_NAME_BYTES];	/* cut to fit: no field of ours is so long */
	char file_name[MULTIPART_FILE_BYTES];	/* as the client wrote it, cut to fit */
	bool is_file;				/* it has a file name, perhaps an empty one */
};

/* Each returns 0, or what multipart_feed() shall return; then nothing more is read. */
struct multipart_user {
	int (*begin)(void *arg, const struct multipart_part *part);	/* borrowed for the call */
	int (*data)(void *arg, const char *p, size_t len);		/* of the part begun last */
	int (*end)(void *arg);						/* of that part */
	void *arg;
};

struct multipart {			/* a value; its members are multipart.c's */
	struct multipart_user user;
	int	 state;
	char	 delimiter[MULTIPART_BOUNDARY_MAX + 5];	/* CR LF -- boundary NUL */
	size_t	 delimiter_len;
	size_t	 matched;		/* so many bytes of the delimiter have come */
	char	 head[MULTIPART_HEAD_BYTES];
	size_t	 head_len;
	unsigned n_parts;
};

/* 0, or -EINVAL: content_type names no boundary of 1 to 70 sound bytes. */
int multipart_init(struct multipart *m, const char *content_type, const struct multipart_user *user);

/* 0, -EBADMSG: this is no such form, or what the user's function returned. */
int multipart_feed(struct multipart *m, const char *p, size_t len);

bool multipart_is_whole(const struct multipart *m);	/* the closing delimiter has come */

#endif
