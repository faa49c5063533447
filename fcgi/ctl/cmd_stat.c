/* stat: the table as it is in memory, asking nobody. */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/snapshot.h"
#include "ctl/stat_live.h"
#include "shared/clock.h"
#include "shared/json_text.h"
#include "shared/table.h"

enum { WATCH_MS = 1000 };

/* The numbers of a row, each named once for --dump and --json. */
#define ROW_NUMBERS(X)			\
	X(seq) X(percentage)		\
	X(total_pages) X(processed_pages) X(failed_pages) X(skipped_pages)	\
	X(chunks_stored) X(word_count) X(code_examples) X(bytes_fetched)	\
	X(pages_per_ks) X(eta_ms)	\
	X(started_wall_ms) X(updated_wall_ms) X(ended_wall_ms)			\
	X(log_first) X(log_count)
#define ROW_TEXTS(X) X(id) X(source_id) X(url) X(current_url) X(error) X(error_code)

static const char *
kind_name(enum table_kind kind)
{
	return kind == TABLE_RELAY ? "relay" : "crawler";
}

/* -- for people ------------------------------------------------------------------- */

static void
print_header(const struct ctl *ctl, const struct table_info *in)
{
	char made[CLOCK_ISO_BYTES], bytes[24];

	clock_iso(made, in->created_wall_ms);
	people_bytes(bytes, (int64_t)in->file_bytes);
	printf("%s/" TABLE_FILE "  layout %u  generation %016llx  made %s  %s\n", ctl->conf.run_dir, in->layout_version,
	    (unsigned long long)in->generation, made, bytes);
	printf("rows %u: %u used, %u live, %u owned   relays %u   crawlers %u\n", in->n_rows, in->used,
	    in->live, in->owned, in->relays, in->crawlers);
}

static void
print_row(const struct table *t, unsigned i)
{
	static struct crawl_progress p;		/* 16 KiB: not on the stack */
	char url[120], id[ROW_ID_BYTES];
	int rc = table_read(t, i, &p);

	if (rc == -ENOENT)
		return;
	if (rc < 0) {
		printf("%5u  (being written, change %u)\n", i, table_changecount(t, i));
		return;
	}
	printable(url, sizeof url, p.url);
	printable(id, sizeof id, p.id);
	printf("%5u  %-10s %3u%% %7llu/%-7llu %5llu %6.0f/s  %-5s %6llds  %-36s  %s\n", i, crawl_phase_word(p.phase), p.percentage,
	    (unsigned long long)p.processed_pages, (unsigned long long)p.total_pages,
	    (unsigned long long)p.failed_pages, (double)p.pages_per_ks / 1000,
	    table_has_owner(t, i) ? "alive" : p.ended_wall_ms != 0 ? "-" : "none",
	    (long long)(clock_wall_ms() - p.updated_wall_ms) / 1000, id, url);
}

static void
print_table(const struct ctl *ctl, const struct table *t)
{
	struct table_info in;

	table_info(t, &in);
	print_header(ctl, &in);
	stat_live_print(t);
	printf("\n  row  status      done   pages          failed  rate    owner  since  id                                    url\n");
	for (unsigned i = 0; i < in.n_rows; i++)
		print_row(t, i);
}

static void
dump_row(const struct table *t, unsigned i)
{
	static struct crawl_progress p;
	char text[ROW_URL_BYTES];
	int rc = table_read(t, i, &p);

	if (rc == -ENOENT)
		return;
	printf("row.%u.changecount = %u\nrow.%u.owner = %s\n", i, table_changecount(t, i), i,
	    table_has_owner(t, i) ? "alive" : "none");
	if (rc < 0) {
		printf("row.%u.torn = yes\n", i);
		return;
	}
	printf("row.%u.phase = %s\n", i, crawl_phase_word(p.phase));
#define X(field) printf("row.%u." #field " = %lld\n", i, (long long)p.field);
	ROW_NUMBERS(X)
#undef X
#define X(field) printable(text, sizeof text, p.field); printf("row.%u." #field " = %s\n", i, text);
	ROW_TEXTS(X)
#undef X
	for (unsigned k = 0; k < p.log_count; k++) {
		printable(text, sizeof text, crawl_progress_line(&p, k));
		printf("row.%u.log.%u = %s\n", i, k, text);
	}
}

static void
dump_table(const struct table *t)
{
	struct table_info in;

	table_info(t, &in);
	printf("layout_version = %u\nn_rows = %u\ngeneration = %016llx\nfile_bytes = %llu\nrow_bytes = %llu\n"
	    "created_wall_ms = %lld\nused = %u\nlive = %u\nowned = %u\nrelays = %u\ncrawlers = %u\n",
	    in.layout_version, in.n_rows, (unsigned long long)in.generation, (unsigned long long)in.file_bytes,
	    (unsigned long long)in.row_bytes, (long long)in.created_wall_ms, in.used, in.live, in.owned,
	    in.relays, in.crawlers);
	for (int kind = TABLE_RELAY; kind <= TABLE_CRAWLER; kind++)
		printf("%s.signals = %u\n", kind_name((enum table_kind)kind), wakeup_seen(table_wakeup(t, (enum table_kind)kind)));
	stat_live_dump(t);
	for (unsigned i = 0; i < in.n_rows; i++)
		dump_row(t, i);
}

/* -- for programs ------------------------------------------------------------------ */

static void
json_row(struct text *out, const struct table *t, unsigned i)
{
	static struct crawl_progress p;
	int rc = table_read(t, i, &p);

	if (rc == -ENOENT)
		return;
	json_open(out, '{');
	json_kint(out, "row", i);
	json_kint(out, "changecount", table_changecount(t, i));
	json_kbool(out, "owner_alive", table_has_owner(t, i));
	json_kbool(out, "torn", rc < 0);
	if (rc == 0) {
		json_kstr(out, "phase", crawl_phase_word(p.phase));
#define X(field) json_kint(out, #field, (int64_t)p.field);
		ROW_NUMBERS(X)
#undef X
#define X(field) json_kstr(out, #field, p.field);
		ROW_TEXTS(X)
#undef X
		json_key(out, "log");
		json_open(out, '[');
		for (unsigned k = 0; k < p.log_count; k++) {
			const char *line = crawl_progress_line(&p, k);

			json_string(out, line, strlen(line));
		}
		json_close(out, ']');
	}
	json_close(out, '}');
}

static void
json_consumers(struct text *out, const struct table *t, enum table_kind kind, unsigned alive)
{
	json_key(out, kind_name(kind));
	json_open(out, '{');
	json_kint(out, "alive", alive);
	json_kint(out, "signals", wakeup_seen(table_wakeup(t, kind)));
	json_close(out, '}');
}

static int
json_table(const struct table *t)
{
	struct text out = { 0 };
	struct table_info in;
	int rc = CTL_DONE;

	table_info(t, &in);
	json_open(&out, '{');
	json_kint(&out, "layout_version", in.layout_version);
	json_kint(&out, "n_rows", in.n_rows);
	json_key(&out, "generation");		/* 64 random bits: no number for JavaScript */
	text_printf(&out, "\"%016llx\"", (unsigned long long)in.generation);
	json_kint(&out, "file_bytes", (int64_t)in.file_bytes);
	json_kint(&out, "row_bytes", (int64_t)in.row_bytes);
	json_ktime(&out, "created", in.created_wall_ms);
	json_kint(&out, "used", in.used);
	json_kint(&out, "live", in.live);
	json_kint(&out, "owned", in.owned);
	json_consumers(&out, t, TABLE_RELAY, in.relays);
	json_consumers(&out, t, TABLE_CRAWLER, in.crawlers);
	stat_live_json(&out, t);
	json_key(&out, "rows");
	json_open(&out, '[');
	for (unsigned i = 0; i < in.n_rows; i++)
		json_row(&out, t, i);
	json_close(&out, ']');
	json_close(&out, '}');
	if (text_str(&out) != NULL)
		puts(text_str(&out));
	else
		rc = CTL_FAILED;
	text_fini(&out);
	return rc;
}

static int
show(const struct ctl *ctl, const struct table *t)
{
	int rc = CTL_DONE;

	if (ctl->opt.watch && ctl->tty)
		fputs("\033[H\033[2J", stdout);
	if (ctl->opt.json)
		rc = json_table(t);
	else if (ctl->opt.dump)
		dump_table(t);
	else
		print_table(ctl, t);
	return fflush(stdout) == 0 ? rc : CTL_FAILED;
}

int
cmd_stat(const struct ctl *ctl)
{
	struct err e = { "" };
	int rc;

	do {				/* opened anew each time: a restarted archon has a new table */
		struct table *t = NULL;

		if (table_open_reader(&t, ctl->conf.run_dir, &e) < 0) {
			fprintf(stderr, "archonctl: %s; is archon running, is run_dir in %s right, and may you read it?\n",
			    e.text, ctl->opt.config != NULL ? ctl->opt.config : "archon.conf");
			return CTL_UNREACHABLE;
		}
		rc = show(ctl, t);
		table_close(t);
	} while (ctl->opt.watch && rc == CTL_DONE && poll(NULL, 0, WATCH_MS) == 0);
	return rc;
}
