/*
 * log - one line an event on stderr: `<N>program: event key=value ...`.  The
 * prefix is the syslog priority journald reads; under systemd the line goes there with fields (journal.h).  Levels say who acts: debug and
 * info nobody, warning maybe later, err the operator today, crit a programmer.
 * The line is one write(2); foreign text is cut and its control bytes become '?'.
 */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>

enum log_level { LOG_CRIT = 2, LOG_ERR = 3, LOG_WARNING = 4, LOG_NOTICE = 5, LOG_INFO = 6, LOG_DEBUG = 7 };

void log_init(const char *program, enum log_level max);	/* program: borrowed for ever */
bool log_level_parse(const char *name, enum log_level *out);	/* "error", "warning", "info", "debug" */

__attribute__((format(printf, 2, 3)))
void log_event(enum log_level level, const char *fmt, ...);

#endif
