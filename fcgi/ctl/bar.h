/*
 * bar - a crawl's progress for people: one line that is redrawn on a terminal,
 * plain lines (each change of status, and every other second) elsewhere.
 */
#ifndef BAR_H
#define BAR_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/snapshot.h"

struct bar {
	bool	tty;
	bool	drawn;			/* a line stands there, without its newline */
	int64_t	shown_mono_ns;
	char	status[16];
};

void bar_show(struct bar *b, const struct snapshot *s);
void bar_clear(struct bar *b);			/* before anything else is printed */
void bar_totals(struct bar *b, const struct snapshot *s);	/* how it ended */

#endif
