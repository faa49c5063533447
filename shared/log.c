#include "config.h"

#include "shared/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shared/journal.h"

static const char *log_program = "archon";
static _Atomic int log_max = LOG_INFO;
static int log_journal = -1;

void
log_init(const char *program, enum log_level max)
{
	log_program = program;
	atomic_store(&log_max, (int)max);
	if (log_journal < 0)
		log_journal = journal_open(JOURNAL_SOCKET);
}

bool
log_level_parse(const char *name, enum log_level *out)
{
	static const struct { const char *name; enum log_level level; } names[] = {
		{ "error", LOG_ERR }, { "warning", LOG_WARNING }, { "info", LOG_INFO }, { "debug", LOG_DEBUG },
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(names[i].name, name) == 0) {
			*out = names[i].level;
			return true;
		}
	return false;
}

void
log_event(enum log_level level, const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	int n, m, text_at;

	if ((int)level > atomic_load_explicit(&log_max, memory_order_relaxed))
		return;
	n = text_at = snprintf(line, sizeof line, "<%d>%s: ", (int)level, log_program);
	va_start(ap, fmt);
	m = vsnprintf(line + n, sizeof line - (size_t)n - 1, fmt, ap);
	va_end(ap);
	if (m < 0)
		return;
	n += m < (int)(sizeof line - (size_t)n - 1) ? m : (int)(sizeof line - (size_t)n - 2);
	for (int i = 0; i < n; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	line[n] = '\0';
	if (log_journal >= 0 && journal_send(log_journal, (int)level, log_program, line + text_at))
		return;
	line[n++] = '\n';
	(void)!write(STDERR_FILENO, line, (size_t)n);	/* nowhere to tell of it */
}
