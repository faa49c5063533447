/* What a crawl says of its chunks being embedded, which goes on beside it and behind its end. */
#include "config.h"

#include <string.h>

#include "crawler/crawl.h"
#include "crawler/embed.h"

enum { TELL_MS = 5000 };

void
crawl_tell_embedding(struct crawl *c, int64_t now_ns, bool at_end)
{
	int64_t n_chunks = 0;
	struct err why;
	int n;

	if (c->tools->embed == NULL || (!at_end && now_ns - c->embed_told_ns < TELL_MS * INT64_C(1000000)))
		return;
	c->embed_told_ns = now_ns;
	embed_trouble(c->tools->embed, &why);
	if (strcmp(why.text, c->embed_trouble.text) != 0 && why.text[0] != '\0')
		progress_log(&c->progress, "Chunks are not embedded for now: %s; trying again", why.text);
	c->embed_trouble = why;
	if ((n = store_vectors_count(c->tools->reader, c->source_id, &n_chunks)) < 0)
		return;			/* the store has logged it */
	if (at_end || n != c->embed_n)
		progress_log(&c->progress, "Embedded %d of %lld chunks%s", n, (long long)n_chunks,
		    at_end && n < n_chunks ? "; the rest follows" : "");
	c->embed_n = n;
}
