/*
 * log_line - what a program printed, as a log entry: its level is read from the
 * words that programs put in front of their lines.
 */
#ifndef LOG_LINE_H
#define LOG_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/ring.h"
#include "shared/slice.h"

/*
 * Clean the len bytes at line in place (colours and other terminal sequences go,
 * and white space at its end) and tell the level:
 *
 *	[LEVEL] text		that level; the message is text
 *	LEVEL..., level: ...	that level (INFO only with its colon); the message is all of it
 *	anything else		ERROR when it came from stderr and reads like a failure, else INFO
 *
 * false: nothing is left.  *message borrows line.
 */
bool log_line_read(char *line, size_t len, bool from_stderr, enum ring_level *level, struct slice *message);

#endif
