/*
 * log_feed - lines on their way to POST /api/mcp/logs.  A thread sends them in
 * batches, so that whoever prints them never waits for archon: while nothing
 * answers the newest FEED_LINES_MAX lines are kept, and what was lost is counted
 * and told in the log when it answers again.
 */
#ifndef LOG_FEED_H
#define LOG_FEED_H

#include "ctl/ctl.h"
#include "shared/ring.h"
#include "shared/slice.h"

enum { FEED_LINES_MAX = 5000 };

struct log_feed;

/* Copies; a long logger is cut.  NULL: out of memory. */
struct log_feed *log_feed_start(const struct ctl *ctl, const char *logger);

/* Copies; never waits.  A message longer than an entry becomes several. */
void log_feed_put(struct log_feed *f, enum ring_level level, struct slice message);

/* Send what is left, for at most so long and one request, and end.  How many lines were lost in all. */
unsigned long log_feed_stop(struct log_feed *f, int flush_ms);

#endif
