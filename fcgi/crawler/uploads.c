#include "config.h"

#include "crawler/uploads.h"

#include <errno.h>

#include "shared/log.h"
#include "shared/upload.h"

/* Its source is there, or a crawl of it is; also when the store cannot say. */
static bool
is_wanted(const char *source_id, void *arg)
{
	struct crawl_params params;
	int rc = store_source_busy(arg, source_id);

	return rc != 0 || store_source_params(arg, source_id, &params) != -ENOENT;
}

void
uploads_sweep(const struct conf *conf, struct store *st)
{
	int n = upload_sweep(conf->state_dir, UPLOADS_AGE_S, is_wanted, st);

	if (n > 0)
		log_event(LOG_NOTICE, "uploads removed n=%d why=no-source", n);
	else if (n < 0)
		log_event(LOG_WARNING, "uploads cannot be looked at errno=%d", -n);
}
