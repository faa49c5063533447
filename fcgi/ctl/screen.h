/*
 * screen - the whole terminal for one program: the alternate screen, keys as they
 * are pressed, and everything as it was before when the program ends, stops or
 * dies of whatever signal but SIGKILL.  One a process.
 */
#ifndef SCREEN_H
#define SCREEN_H

#include <stdbool.h>
#include <stddef.h>

enum screen_event { SCREEN_TIME, SCREEN_KEY, SCREEN_RESIZED, SCREEN_ENDED };

int screen_open(void);			/* stdin and stdout are a terminal.  0 or -errno */
void screen_close(void);
void screen_size(unsigned *lines, unsigned *columns);
void screen_show(const char *lines, size_t len);	/* lines end in "\n"; what was there goes */

/* Sleep until a key (*key), another size, or that long.  ENDED: a signal or the terminal's end; close, then screen_die(). */
enum screen_event screen_wait(int ms, char *key);
int screen_die(void);			/* of the signal that ended it; returns 0 when there was none */

#endif
