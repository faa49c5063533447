#include "config.h"

#include "shared/message.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/json_text.h"
#include "shared/upload.h"

static void
duration_put(struct text *out, const struct crawl_progress *p)	/* "0:00:03.120" */
{
	int64_t until = p->ended_wall_ms != 0 ? p->ended_wall_ms : p->updated_wall_ms;
	int64_t ms = until > p->started_wall_ms ? until - p->started_wall_ms : 0;
	char s[48];

	(void)snprintf(s, sizeof s, "%" PRId64 ":%02d:%02d.%03d", ms / 3600000,
	    (int)(ms / 60000 % 60), (int)(ms / 1000 % 60), (int)(ms % 1000));
	json_kstr(out, "duration", s);
}

static void
eta_put(struct text *out, const struct crawl_progress *p)
{
	int64_t s = p->eta_ms < 0 ? -1 : (p->eta_ms + 999) / 1000;
	char words[48];

	if (s < 0) {
		json_kstr(out, "eta", NULL);
		json_kstr(out, "etaSeconds", NULL);
		return;
	}
	if (s < 90)
		(void)snprintf(words, sizeof words, "%" PRId64 " s", s);
	else if (s < 5400)
		(void)snprintf(words, sizeof words, "%" PRId64 " min", (s + 30) / 60);
	else
		(void)snprintf(words, sizeof words, "%" PRId64 " h %" PRId64 " min", s / 3600, s / 60 % 60);
	json_kstr(out, "eta", words);
	json_kint(out, "etaSeconds", s);
}

static void
log_put(struct text *out, const struct crawl_progress *p)
{
	json_kstr(out, "log", p->log_count > 0 ? crawl_progress_line(p, p->log_count - 1) : "");
	json_key(out, "logs");
	json_open(out, '[');
	for (unsigned i = 0; i < p->log_count; i++) {
		const char *line = crawl_progress_line(p, i);

		json_string(out, line, strlen(line));
	}
	json_close(out, ']');
}

/* What became of the URLs; of the reasons only those that occurred. */
static void
outcomes_put(struct text *out, const char *key, const struct crawl_progress *p, unsigned from, unsigned to, bool all)
{
	json_key(out, key);
	json_open(out, '{');
	for (unsigned i = from; i < to; i++)
		if (all || p->outcome[i] != 0)
			json_kint(out, outcome_word((enum outcome)i), (int64_t)p->outcome[i]);
	json_close(out, '}');
}

static void
kind_put(struct text *out, const struct crawl_progress *p)
{
	char name[UPLOAD_NAME_BYTES];
	int type;

	if (!upload_is(p->url)) {
		json_kstr(out, "kind", "crawl");
		return;
	}
	upload_url_name(p->url, name);
	type = upload_type(name);
	json_kstr(out, "kind", "upload");
	json_kstr(out, "uploadType", "document");
	json_kstr(out, "fileName", name);
	json_kstr(out, "fileType", type >= 0 ? upload_type_word((enum upload_type)type) : NULL);
}

void
message_snapshot(struct text *out, const struct crawl_progress *p)
{
	const char *word = crawl_phase_word((enum crawl_phase)p->phase);

	json_open(out, '{');
	json_kstr(out, "progressId", p->id);
	json_kstr(out, "status", word);
	json_kstr(out, "phase", word);
	json_kint(out, "percentage", p->percentage);
	json_kint(out, "progress", p->percentage);
	json_kstr(out, "url", p->url);
	json_kstr(out, "currentUrl", p->current_url[0] != '\0' ? p->current_url : p->url);
	json_kint(out, "totalPages", (int64_t)p->total_pages);
	json_kint(out, "processedPages", (int64_t)p->processed_pages);
	json_kint(out, "failedPages", (int64_t)p->failed_pages);
	json_kint(out, "skippedPages", (int64_t)p->skipped_pages);
	json_kint(out, "chunksStored", (int64_t)p->chunks_stored);
	json_kint(out, "wordCount", (int64_t)p->word_count);
	json_kint(out, "codeExamples", (int64_t)p->code_examples);
	json_kint(out, "bytesFetched", (int64_t)p->bytes_fetched);
	outcomes_put(out, "pages", p, 0, OUTCOME_SKIP_FIRST, true);
	outcomes_put(out, "skipped", p, OUTCOME_SKIP_FIRST, OUTCOME_FAIL_FIRST, false);
	outcomes_put(out, "failed", p, OUTCOME_FAIL_FIRST, OUTCOME_N, false);
	json_kdouble(out, "pagesPerSecond", (double)p->pages_per_ks / 1000, 1);
	eta_put(out, p);
	log_put(out, p);
	json_ktime(out, "start_time", p->started_wall_ms);	/* the old clients' spelling */
	json_ktime(out, "startTime", p->started_wall_ms);
	json_ktime(out, "updatedAt", p->updated_wall_ms);
	duration_put(out, p);
	kind_put(out, p);
	json_kstr(out, "sourceId", p->source_id);
	json_kint(out, "seq", (int64_t)p->seq);
	if (p->ended_wall_ms != 0)
		json_ktime(out, "completedAt", p->ended_wall_ms);
	if (p->error[0] != '\0') {
		json_kstr(out, "error", p->error);
		json_kstr(out, "errorCode", p->error_code);
	}
	json_close(out, '}');
}

void
message_progress(struct text *out, const struct crawl_progress *p)
{
	json_open(out, '{');
	json_kstr(out, "type", p->phase == CRAWL_COMPLETED ? "crawl_completed" : "crawl_progress");
	json_key(out, "data");
	message_snapshot(out, p);
	json_close(out, '}');
}

void
message_waiting(struct text *out, const char *id, size_t len)
{
	json_open(out, '{');
	json_kstr(out, "type", "connection_established");
	json_key(out, "data");
	json_open(out, '{');
	json_key(out, "progressId");
	json_string(out, id, len);
	json_kstr(out, "status", "waiting");
	json_close(out, '}');
	json_close(out, '}');
}

void
message_log(struct text *out, const struct ring_entry *e)
{
	json_open(out, '{');
	json_ktime(out, "timestamp", e->wall_ms);
	json_kstr(out, "level", ring_level_word((enum ring_level)e->level));
	json_key(out, "message");
	json_string(out, e->message, e->message_len);
	json_kstr(out, "logger", e->logger);
	json_kint(out, "seq", (int64_t)e->seq);
	json_close(out, '}');
}

void
message_error(struct text *out, const char *code, const char *field, const char *sentence)
{
	json_open(out, '{');
	json_kstr(out, "error", sentence);
	json_key(out, "detail");
	json_open(out, '{');
	json_kstr(out, "error", sentence);
	json_close(out, '}');
	json_kstr(out, "code", code);
	if (field != NULL)
		json_kstr(out, "field", field);
	json_close(out, '}');
}
