/*
 * convert - read an uploaded document: what is HTML, Markdown or text is taken as
 * it is, the others are made HTML first, PDF and DOCX by a child that is shut in
 * (convert_child.h).  Then it goes the way every page goes.
 */
#ifndef CONVERT_H
#define CONVERT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "shared/conf.h"

struct parcel;

struct converter {
	const struct conf *conf;	/* borrowed */
	atomic_bool stopping;		/* the program ends: what is under way is given up */
};

void converter_init(struct converter *cv, const struct conf *conf);

/*
 * Fills the "as parsed" part of p, as digest() does.  Never fails: p->fate says,
 * and p->code and p->reason say why.  May take conf->convert_ms.
 */
void convert(struct converter *cv, struct parcel *p);

#endif
