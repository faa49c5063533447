/*
 * counters - the relay's figures, kept in its slot of the table, where
 * `archonctl stat' and others read them.
 */
#ifndef COUNTERS_H
#define COUNTERS_H

struct relay;

void counters_publish(struct relay *r);	/* without a table: nothing */

#endif
