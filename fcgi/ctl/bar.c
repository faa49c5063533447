#include "config.h"

#include "ctl/bar.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/progress_row.h"

enum { DRAW_MS = 50, LINE_MS = 2000, BAR_CELLS = 30, LINE_BYTES = 512 };

static unsigned
columns(void)
{
	struct winsize w;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 ? w.ws_col : 80;
}

static void
put_line(char out[LINE_BYTES], const struct snapshot *s, bool with_bar)
{
	char cells[BAR_CELLS + 3] = "", bytes[24], url[200], eta[40] = "";
	char status[16];

	if (with_bar) {
		int64_t pct = s->percentage < 0 ? 0 : s->percentage > 100 ? 100 : s->percentage;
		int full = (int)(pct * BAR_CELLS / 100);

		cells[0] = '[';
		for (int i = 0; i < BAR_CELLS; i++)
			cells[i + 1] = i < full ? '#' : '.';
		cells[BAR_CELLS + 1] = ']';
	}
	people_bytes(bytes, s->bytes);
	printable(status, sizeof status, s->status);
	printable(url, sizeof url, s->current_url);
	if (s->eta[0] != '\0') {
		char text[24];

		printable(text, sizeof text, s->eta);
		snprintf(eta, sizeof eta, "  eta %s", text);
	}
	snprintf(out, LINE_BYTES, "%-10s %s %3lld%%  %lld/%lld pages  %s  %.0f/s%s  %s", status, cells,
	    (long long)s->percentage, (long long)s->processed, (long long)s->total,
	    bytes, s->pages_per_second, eta, url);
}

void
bar_show(struct bar *b, const struct snapshot *s)
{
	bool changed = strncmp(b->status, s->status, sizeof b->status - 1) != 0;
	int64_t now = clock_mono_ns(), every_ms = b->tty ? DRAW_MS : LINE_MS;
	char line[LINE_BYTES];

	if (!changed && now - b->shown_mono_ns < every_ms * 1000000)
		return;
	b->shown_mono_ns = now;
	FIELD_SET(b->status, s->status);
	put_line(line, s, b->tty);
	if (b->tty) {
		printf("\r%.*s\033[K", (int)columns() - 1, line);
		b->drawn = true;
	} else {
		printf("%s\n", line);
	}
	fflush(stdout);
}

void
bar_clear(struct bar *b)
{
	if (b->drawn)
		fputs("\r\033[K", stdout);
	b->drawn = false;
	fflush(stdout);
}

void
bar_totals(struct bar *b, const struct snapshot *s)
{
	char bytes[24], status[16], duration[32], id[80], source[40];

	bar_clear(b);
	people_bytes(bytes, s->bytes);
	printable(status, sizeof status, s->status);
	printable(duration, sizeof duration, s->duration);
	printable(id, sizeof id, s->id);
	printable(source, sizeof source, s->source_id);
	printf("%s in %s: %lld pages (%lld failed, %lld skipped), %lld chunks, %lld words, %lld code examples, %s\n",
	    status, duration, (long long)(s->processed - s->failed - s->skipped), (long long)s->failed, (long long)s->skipped,
	    (long long)s->chunks, (long long)s->words, (long long)s->code_examples, bytes);
	printf("crawl %s  source %s\n", id, source);
	fflush(stdout);
}
