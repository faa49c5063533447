/* cancel_asked - is a live crawl to be cancelled?  As the crawler reads it from the store's listing. */
#ifndef CANCEL_ASKED_H
#define CANCEL_ASKED_H

#include <errno.h>
#include <string.h>

#include "shared/store.h"

struct cancel_question { const char *id; int answer; };

static int
cancel_answer(const struct crawl_entry *c, void *arg)
{
	struct cancel_question *q = arg;

	if (strcmp(c->progress->id, q->id) == 0)
		q->answer = c->cancel_asked;
	return 0;
}

static inline int
cancel_asked(struct store *st, const char *id)	/* 1, 0, -ENOENT */
{
	struct cancel_question q = { id, -ENOENT };
	int rc = store_crawls_live(st, cancel_answer, &q);

	return rc < 0 ? rc : q.answer;
}

#endif
