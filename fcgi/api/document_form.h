/*
 * document_form - the form that brings a document, taken as it comes: the file
 * goes to the disk, the few fields beside it are kept.  What is wrong with it is
 * kept, too, until all has come and somebody can be told.
 */
#ifndef DOCUMENT_FORM_H
#define DOCUMENT_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/err.h"
#include "shared/text.h"
#include "shared/upload.h"

#include "api/multipart.h"

enum {
	FORM_FIELD_MAX = 16 * 1024,	/* bytes of one field */
	FORM_TAGS_MAX = 20,
};

/* The fields there are; tags may come more than once. */
enum form_field { FORM_METADATA, FORM_TAGS, FORM_KNOWLEDGE_TYPE, FORM_PROGRESS_ID, FORM_CHUNK_SIZE, FORM_N_FIELDS };
const char *form_field_name(enum form_field f);		/* static */

struct document_form {
	struct multipart multipart;
	const char *state_dir;		/* borrowed */
	size_t	 max_bytes;		/* of the document */
	struct upload_file *file;	/* NULL: none came */
	char	 file_name[MULTIPART_FILE_BYTES];	/* as the client wrote it */
	char	 start[UPLOAD_SNIFF_BYTES];	/* of the document */
	size_t	 start_len, n_bytes;
	struct text field[FORM_N_FIELDS];	/* tags: each ended by NUL */
	int	 at;			/* the part that comes: a field, FORM_N_FIELDS the file, -1 nothing we know */
	/* the first thing that is wrong; status 0: nothing */
	int	 status;
	const char *code, *wrong_field;	/* static */
	struct err  why;
	int	 rc;			/* -errno when the disk was the reason */
};

struct document_form *document_form_new(const char *state_dir, size_t max_bytes, const char *content_type);	/* NULL: no memory */
bool document_form_take(struct document_form *f, const char *p, size_t len);	/* false: what is left does not matter */
void document_form_free(struct document_form *f);

/* All has come: is it whole?  0, or f->status. */
int document_form_finish(struct document_form *f);

#endif
