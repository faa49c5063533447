/* The lines of `archonctl top'. */
#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctl/snapshot.h"
#include "ctl/top_sample.h"
#include "shared/clock.h"

enum { LINE_BYTES = 600, BAR_CELLS = 12, PLAIN_COLUMNS = LINE_BYTES - 1 };

struct page {
	struct text *to;
	unsigned left, columns;
};

/* One line, cut to the screen; nothing when it is full. */
__attribute__((format(printf, 2, 3)))
static void
line(struct page *pg, const char *fmt, ...)
{
	char s[LINE_BYTES];
	va_list ap;

	if (pg->left == 0)
		return;
	pg->left--;
	va_start(ap, fmt);
	(void)vsnprintf(s, sizeof s, fmt, ap);	/* cut to fit is fine */
	va_end(ap);
	text_put(pg->to, s, utf8_cut(s, strlen(s), pg->columns));
	text_putc(pg->to, '\n');
}

static void
draw_head(struct page *pg, const struct top_sample *before, const struct top_sample *now)
{
	char store[24] = "?", bytes[24], at[CLOCK_ISO_BYTES];

	clock_iso(at, now->wall_ms);
	if (now->store_bytes >= 0)
		people_bytes(store, now->store_bytes);
	people_bytes(bytes, (int64_t)top_rate(before, now, before->bytes, now->bytes));
	line(pg, "archon %.8s UTC   relays %u   crawlers %u   mcp %s   store %s", at + 11, now->table.relays, now->table.crawlers,
	    now->mcp ? "on" : "off", store);
	line(pg, "crawls   %u under way, %u of them queued   %.1f pages/s   rows %u of %u", now->n_live, now->n_queued, now->pages_per_s,
	    now->table.used, now->table.n_rows);
	line(pg, "live     %.0f messages/s   %s/s   %" PRIu64 " conflated   %" PRIu64 " gaps   %" PRIu64 " slow closed   lag p99 %.1f ms",
	    top_rate(before, now, before->messages, now->messages), bytes, now->conflated, now->gaps, now->slow_closes,
	    (double)now->lag_p99_us / 1000);
}

static void
draw_clients(struct page *pg, const struct top_sample *now)
{
	char s[LINE_BYTES] = "clients ";
	size_t n = strlen(s);

	for (unsigned i = 0; i < RELAY_N_STREAMS; i++) {
		const uint64_t *c = now->clients[i];

		n += (size_t)snprintf(s + n, sizeof s - n, " %s %" PRIu64 "/%" PRIu64 "/%" PRIu64 "  ", relay_stream_word((enum relay_stream)i),
		    c[RELAY_WS], c[RELAY_SSE], c[RELAY_POLL]);	/* fits: four short words and twelve numbers */
	}
	line(pg, "%s(ws/sse/poll)", s);
}

static void
draw_crawl(struct page *pg, const struct top_crawl *c)
{
	char cells[BAR_CELLS + 1], eta[24] = "-";
	const char *host = strstr(c->url, "://");
	unsigned full = c->percentage * BAR_CELLS / 100;

	for (unsigned i = 0; i < BAR_CELLS; i++)
		cells[i] = i < full ? '#' : '.';
	cells[BAR_CELLS] = '\0';
	if (c->eta_ms >= 0 && !crawl_phase_is_terminal(c->phase))
		(void)snprintf(eta, sizeof eta, "%" PRId64 " s", (c->eta_ms + 999) / 1000);
	line(pg, "%-10s [%s] %3u%% %6" PRIu64 "/%-6" PRIu64 " %6" PRIu64 " %7.1f %6s  %s", crawl_phase_word(c->phase), cells, c->percentage,
	    c->processed, c->total, c->failed, c->pages_per_s, eta, host != NULL ? host + 3 : c->url);
}

void
top_draw(struct text *out, const struct top_sample *before, const struct top_sample *now, unsigned lines, unsigned columns)
{
	struct page pg = { .to = out, .left = lines != 0 ? lines : UINT32_MAX, .columns = lines != 0 ? columns : PLAIN_COLUMNS };

	draw_head(&pg, before, now);
	draw_clients(&pg, now);
	line(&pg, "%s", "");
	line(&pg, "%-10s %*s %4s %13s %6s %7s %6s  %s", "status", -(BAR_CELLS + 2), "", "done", "pages", "failed", "pages/s", "left", "site");
	for (unsigned i = 0; i < now->n_crawls; i++)
		draw_crawl(&pg, &now->crawl[i]);
	if (now->n_crawls == 0)
		line(&pg, "no crawls; start one with `archonctl crawl URL'");
}
