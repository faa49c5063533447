/*
 * crowd - many WebSocket clients of one topic, in a few processes that only
 * read.  What arrives while the crowd is asked to record is counted, by how
 * long it was under way since it was published.
 */
#ifndef CROWD_H
#define CROWD_H

#include <stdatomic.h>
#include <stdint.h>

#include "t/bench/rig.h"

enum { DELAY_BUCKETS = 1920, CROWD_READERS_MAX = 16 };

struct delays {			/* logarithmic, 32 steps to each doubling */
	uint64_t count[DELAY_BUCKETS];
	uint64_t n, max_ns;
	uint64_t reads;			/* messages read meanwhile, whenever they were published */
	uint64_t gaps;			/* how often a reader was told that it missed something */
};

struct crowd {
	enum rig_target target;
	unsigned n_clients, n_readers;
	pid_t	 reader[CROWD_READERS_MAX];
	struct crowd_shared *shared;
};

void crowd_start(struct crowd *c, struct rig *g, enum rig_target t, unsigned n_clients, unsigned n_readers);
void crowd_stop(struct crowd *c, struct rig *g);
void crowd_record(struct crowd *c);			/* from now on, what is published from now on */
void crowd_stop_recording(struct crowd *c);		/* ... until now */
void crowd_take(struct crowd *c, struct delays *out);	/* when what is under way has arrived; adds to *out */

int64_t crowd_cpu_ns(const struct crowd *c);		/* of its readers */

void delays_add(struct delays *sum, const struct delays *d);
uint64_t delays_at_ns(const struct delays *d, double share);	/* share 0.5: the median */

#endif
