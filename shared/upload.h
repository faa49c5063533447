/*
 * upload - documents that are handed to us instead of fetched.  Such a source's
 * address is "file:///SOURCE_ID/NAME", its one page's too; that scheme is how all
 * the rest tells it from a site.  The id is made of the content, so that the same
 * document is the same source whatever it is called.
 *
 * The document itself lies in STATE_DIR/uploads/SOURCE_ID as long as its source
 * does, so that it can be read again.  It is there, and on the disk, before anybody
 * is told that it was taken; what a killed process left is swept later.
 */
#ifndef UPLOAD_H
#define UPLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/err.h"
#include "shared/ids.h"
#include "shared/progress_row.h"

enum {
	UPLOAD_NAME_BYTES = 256,	/* of a file's name, and NUL */
	UPLOAD_SNIFF_BYTES = 1024,	/* what upload_check() likes to see; PDF's mark may stand so deep */
};
#define UPLOAD_TYPES "pdf, docx, md, txt, html, rst"

enum upload_type { UPLOAD_PDF, UPLOAD_DOCX, UPLOAD_MARKDOWN, UPLOAD_TEXT, UPLOAD_HTML, UPLOAD_RST };

/* -- names ----------------------------------------------------------------------- */

/*
 * The name a client gave its file, without directories (of either slash).  0, or
 * -EINVAL with e: none, longer than UPLOAD_NAME_BYTES, not UTF-8, control characters.
 */
int upload_name_read(char out[UPLOAD_NAME_BYTES], const char *given, struct err *e);

/* enum upload_type by the name's end, in any case; -ENOENT: none we read. */
int upload_type(const char *name);
const char *upload_type_word(enum upload_type type);	/* static; "pdf" ... */

/* Does a content that begins so go with the type?  0, or -EINVAL with e. */
int upload_check(enum upload_type type, const char *start, size_t len, struct err *e);

/* -- addresses ------------------------------------------------------------------- */

bool upload_is(const char *url);		/* is this the address of an upload? */
void upload_url(char out[ROW_URL_BYTES], const char *source_id, const char *name);
/* Of an address for which upload_is(): */
void upload_url_name(const char *url, char out[UPLOAD_NAME_BYTES]);
void upload_url_source(const char *url, char out[ID_SOURCE_BYTES]);

/* -- files ----------------------------------------------------------------------- */

struct upload_file;		/* one that is coming in */

/* 0 and *out, or -errno (-ENOSPC ...) with e. */
int upload_file_new(struct upload_file **out, const char *state_dir, struct err *e);
int upload_file_write(struct upload_file *f, const void *p, size_t len);	/* 0, -errno */

/* All has come: its id. */
void upload_file_source(struct upload_file *f, char out[ID_SOURCE_BYTES]);

/* To its place, over what was there.  It is on the disk when this returns 0; -errno: it is not kept. */
int upload_file_keep(struct upload_file *f, const char *source_id);
void upload_file_free(struct upload_file *f);		/* what was not kept is gone; NULL is fine */

int upload_open(const char *state_dir, const char *source_id);	/* a descriptor, or -errno */
/* Remove one that was kept until then, not one that came later.  0, also when there is none; -errno. */
int upload_remove(const char *state_dir, const char *source_id, int64_t until_wall_ms);

/* Ask wanted() about each file that has lain here for longer than age_s, remove those it does not want.  How many, -errno. */
typedef bool upload_wanted_f(const char *source_id, void *arg);
int upload_sweep(const char *state_dir, int age_s, upload_wanted_f *wanted, void *arg);

#endif
