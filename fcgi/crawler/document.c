#include "config.h"

#include "crawler/document.h"

#include <stdlib.h>

void
document_fini(struct document *doc)
{
	text_fini(&doc->markdown);
	free(doc->title);
	free(doc->description);
	free(doc->language);
	free(doc->canonical);
	free(doc->refresh);
	for (size_t i = 0; i < doc->n_links; i++)
		free(doc->links[i].url);
	free(doc->links);
	*doc = (struct document){ 0 };
}
