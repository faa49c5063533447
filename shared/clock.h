/*
 * clock - the two clocks, never mixed: mono_ns measures distances, wall_ms is
 * for people and for what outlives the process.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CLOCK_ISO_BYTES = 25 };		/* "2025-06-01T19:36:03.450Z" and NUL */

int64_t clock_mono_ns(void);		/* CLOCK_MONOTONIC, nanoseconds */
int64_t clock_wall_ms(void);		/* CLOCK_REALTIME, milliseconds since 1970 */

/* ISO 8601, UTC, milliseconds; years outside 0..9999 are written as 1970. */
void clock_iso(char out[CLOCK_ISO_BYTES], int64_t wall_ms);

/* "YYYY-MM-DDTHH:MM:SS", then ".f" with 1 to 9 digits or nothing, then "Z"; from 1970 on.  false: not that. */
bool clock_iso_parse(const char *s, size_t len, int64_t *wall_ms);

#endif
