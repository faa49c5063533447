/*
 * tries - wrong tokens, counted by address (IPv6: by /64): who guesses is told to
 * wait.  The same wrong token again is no guess: a forgotten script locks nobody
 * of its network out.  In memory, of this process; a table of fixed size, in which
 * a newcomer takes the place of whoever was seen least lately.
 */
#ifndef TRIES_H
#define TRIES_H

#include <stdbool.h>
#include <stdint.h>

enum { TRIES_MAX = 10, TRIES_WINDOW_MS = 60000, TRIES_PLACES = 1024 };

/* How many seconds the address has to wait; 0: it may try. */
unsigned tries_wait_s(const char *address, int64_t now_mono_ms);

/* One more wrong one; what: a hash of it.  True when that was the last before it has to wait. */
bool tries_count(const char *address, uint64_t what, int64_t now_mono_ms);

#endif
