/*
 * upload_accept - take a document on, for whichever protocol brought it: it is on
 * the disk, then in the store, then it has its row, before anybody is told so.
 */
#ifndef UPLOAD_ACCEPT_H
#define UPLOAD_ACCEPT_H

#include "shared/crawl_accept.h"
#include "shared/upload.h"

struct upload_given {			/* what has come; all borrowed */
	struct upload_file *file;	/* whole; kept by upload_accept(), freed by the caller */
	const char *name;		/* as the client wrote it */
	const char *start;		/* of the content, UPLOAD_SNIFF_BYTES if there are so many */
	size_t	    start_len;
};

struct upload_accepted {
	char name[UPLOAD_NAME_BYTES], source_id[ID_SOURCE_BYTES];
	char progress_id[ROW_ID_BYTES];	/* "": it is known already, nothing is to be done */
	bool is_known;			/* the same document is there, or being read */
	char message[400];		/* for people */
};

/* What an upload begins with: crawl_params_change() may follow. */
void upload_params(struct crawl_params *p);

/* params: as upload_params() or changed.  0, or the status of the refusal in *why. */
int upload_accept(struct service_thread *t, const struct upload_given *given, struct crawl_params *params,
    const char *request_id, struct upload_accepted *out, struct refusal *why);

#endif
