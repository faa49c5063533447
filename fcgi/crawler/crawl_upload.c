/* A crawl whose start is a document that lies here: one page, nothing to fetch. */
#include "config.h"

#include "crawler/crawl.h"

#include <errno.h>
#include <string.h>

#include "shared/upload.h"

bool
crawl_read_upload(struct crawl *c)
{
	struct frontier_entry *e = frontier_take(&c->frontier);
	char name[UPLOAD_NAME_BYTES];
	struct parcel *p;

	if (e == NULL)
		return false;
	if ((p = parcel_new(PARCEL_URL, c)) == NULL) {
		crawl_broken(c, -ENOMEM);
		return false;
	}
	p->entry = e;
	FIELD_SET(p->url.text, e->url);		/* for its text only: of length 0, it is the base of no link */
	upload_url_name(e->url, name);
	progress_log(&c->progress, "Reading %s", name);
	progress_phase(&c->progress, CRAWL_PROCESSING);
	c->n_parsing++;
	c->tools->n_held++;
	p->held = parcel_bytes(p);
	c->tools->held_bytes += p->held;
	pipeline_convert(c->tools->pipeline, p);
	return true;
}

void
crawl_upload_read(struct crawl *c, struct parcel *p)
{
	if (p->fate != FATE_STORE) {
		crawl_blame(c, p->code[0] != '\0' ? p->code : "internal", "%s", p->reason);
		return;
	}
	progress_log(&c->progress, "%u chunks, %llu words", p->chunks.n_chunks, (unsigned long long)p->n_words);
	progress_phase(&c->progress, CRAWL_STORING);
}
