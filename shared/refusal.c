#include "config.h"

#include "shared/refusal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "shared/log.h"

int
refuse(struct refusal *why, int status, const char *code, unsigned retry_after_s, const char *fmt, ...)
{
	va_list ap;

	*why = (struct refusal){ .status = status, .retry_after_s = retry_after_s, .code = code };
	va_start(ap, fmt);
	(void)vsnprintf(why->sentence, sizeof why->sentence, fmt, ap);	/* cut: a sentence */
	va_end(ap);
	return status;
}

int
refuse_no_store(struct refusal *why)
{
	return refuse(why, 503, "store_down", 2, "The store cannot be opened at the moment, try again");
}

int
refuse_no_table(struct refusal *why)
{
	return refuse(why, 503, "table_down", 2, "The progress table is not there at the moment, try again");
}

int
refuse_store(struct refusal *why, const struct store *st, int rc, const char *what, const char *request_id)
{
	log_event(LOG_ERR, "store failed id=%s what=%s errno=%d why=\"%s\"", request_id, what, -rc,
	    st != NULL ? store_error(st) : "");
	switch (rc) {
	case -ENOSPC:
		return refuse(why, 503, "store_full", 60,
		    "The disk (or the store's limit) is full: delete sources or make room, then try again");
	case -EBUSY:
		return refuse(why, 503, "store_busy", 1, "The store is busy, try again");
	case -ENOMEM:
		return refuse(why, 503, "out_of_memory", 1, "The service is short of memory, try again");
	default:
		return refuse(why, 500, "internal", 0,
		    "Something went wrong here; the log has the reason under request id %s", request_id);
	}
}
