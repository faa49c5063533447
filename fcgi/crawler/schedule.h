/*
 * schedule - keeps what a source was told: update_frequency days after its last
 * crawl it is crawled again.  Runs that were missed while no crawler ran are
 * caught up by one.
 */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include <stdint.h>

#include "shared/store.h"

/*
 * Accept a crawl for each source whose time has come and for which none is
 * accepted.  Several crawlers may do so at once: the store lets one look at a
 * time.  How many, or -errno (logged; the next time tries again).
 */
int schedule(struct store *st, int64_t now_wall_ms);

#endif
