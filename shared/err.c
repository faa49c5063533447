#include "config.h"

#include "shared/err.h"

#include <stdarg.h>
#include <stdio.h>

int
err_set(struct err *e, int rc, const char *fmt, ...)
{
	va_list ap;

	if (e == NULL)
		return rc;
	va_start(ap, fmt);
	(void)vsnprintf(e->text, sizeof e->text, fmt, ap);	/* cut to fit is fine for people */
	va_end(ap);
	return rc;
}
