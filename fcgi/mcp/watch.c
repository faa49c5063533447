/*
 * A call that reports: the answer is an event stream with notifications/progress
 * until the crawl has ended, or until time is up, then the result.
 *
 * It keeps a thread of the pool, hence the places; who finds none gets the result
 * of the start at once and asks with get_crawl_progress.
 */
#include "config.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/json_text.h"

#include "mcp/mcp.h"

enum {
	LOOK_MS = 100,		/* between two looks at the row */
	TELL_MS = 250,		/* between two notifications, at least */
	QUIET_MS = 10000,	/* a comment then: nginx gives up after 20 s of silence */
};

static atomic_uint n_streams;

struct watch {
	struct service_thread *thread;	/* of the thread that runs it */
	enum mcp_version    version;
	struct json_object *id, *token;	/* references of our own */
	char	 crawl[ROW_ID_BYTES], request_id[64];
	struct crawl_progress seen;	/* the newest */
	uint64_t told;			/* progress of the last notification */
	int64_t	 until_mono_ns, told_mono_ns, wrote_mono_ns;
};

bool
watch_may_start(void)
{
	if (atomic_fetch_add(&n_streams, 1) < MCP_STREAMS)
		return true;
	atomic_fetch_sub(&n_streams, 1);
	return false;
}

static bool
event_put(struct watch *w, struct sink *to, const struct text *json)
{
	struct text t = { 0 };
	bool ok;

	text_puts(&t, "event: message\ndata: ");
	text_put(&t, json->p, json->len);
	text_puts(&t, "\n\n");
	ok = !json->failed && !t.failed && to->put(to, t.p, t.len);
	text_fini(&t);
	w->wrote_mono_ns = clock_mono_ns();
	return ok;
}

static uint64_t
done_of(const struct crawl_progress *p)
{
	return p->processed_pages + p->failed_pages + p->skipped_pages;
}

/* Each notification's progress is more than the one before: the specification asks for it. */
static bool
tell(struct watch *w, struct sink *to)
{
	struct text t = { 0 };
	bool ok;

	w->told = done_of(&w->seen);
	w->told_mono_ns = clock_mono_ns();
	json_open(&t, '{');
	json_kstr(&t, "jsonrpc", "2.0");
	json_kstr(&t, "method", "notifications/progress");
	json_key(&t, "params");
	json_open(&t, '{');
	json_key(&t, "progressToken");
	rpc_value_put(&t, w->token);
	json_kint(&t, "progress", (int64_t)w->told);
	if (w->seen.total_pages >= w->told)
		json_kint(&t, "total", (int64_t)w->seen.total_pages);
	json_kstr(&t, "message", w->seen.log_count > 0 ? crawl_progress_line(&w->seen, w->seen.log_count - 1) : "");
	json_close(&t, '}');
	json_close(&t, '}');
	ok = event_put(w, to, &t);
	text_fini(&t);
	return ok;
}

static bool
look(struct watch *w)		/* false: it cannot be seen any more */
{
	struct store *st = service_store(w->thread, w->request_id);
	int rc = st != NULL ? service_progress(w->thread, st, w->crawl, &w->seen) : -ENODEV;

	return rc == 0 || rc == -EAGAIN || rc == -EBUSY;
}

static bool
goes_on(struct watch *w, struct sink *to)
{
	int64_t now = clock_mono_ns();

	if (!look(w) || crawl_phase_is_terminal((enum crawl_phase)w->seen.phase) || now >= w->until_mono_ns)
		return false;
	if (done_of(&w->seen) > w->told && now - w->told_mono_ns >= (int64_t)TELL_MS * 1000000)
		return tell(w, to) && to->wait(to, LOOK_MS);
	if (now - w->wrote_mono_ns >= (int64_t)QUIET_MS * 1000000) {
		w->wrote_mono_ns = now;
		return to->put(to, ": it goes on\n\n", 14) && to->wait(to, LOOK_MS);
	}
	return to->wait(to, LOOK_MS);
}

static void
watch_free(struct watch *w)
{
	(void)json_object_put(w->id);
	(void)json_object_put(w->token);
	free(w);
	atomic_fetch_sub(&n_streams, 1);
}

static void
watch_run(struct sink *to, void *arg)
{
	struct watch *w = arg;
	struct tool_out said = { .is_error = false };
	struct text t = { 0 };

	while (goes_on(w, to))
		;
	tool_crawl_put(&said, &w->seen);
	rpc_result_open(&t, w->id);
	tool_result_put(&t, w->version, &said);
	rpc_result_close(&t);
	(void)event_put(w, to, &t);		/* the client has left: it can ask with get_crawl_progress */
	text_fini(&t);
	tool_out_fini(&said);
	watch_free(w);
}

void
watch_start(const struct call *c, const struct rpc_message *m, struct reply *out)
{
	struct watch *w = calloc(1, sizeof *w);

	if (w == NULL) {
		atomic_fetch_sub(&n_streams, 1);
		out->body.failed = true;
		return;
	}
	w->thread = c->thread;
	w->version = c->version;
	w->id = json_object_get(m->id);
	w->token = json_object_get(c->progress_token);
	memcpy(w->crawl, c->follow, sizeof w->crawl);
	FIELD_SET(w->request_id, c->rq->request_id);
	w->wrote_mono_ns = clock_mono_ns();
	w->until_mono_ns = w->wrote_mono_ns + (int64_t)ROUTE_STREAM_MS * 1000000;
	(void)look(w);				/* it was there a moment ago */
	out->content_type = "text/event-stream";
	out->stream = watch_run;
	out->stream_arg = w;
	reply_header(out, "X-Accel-Buffering", "no");
}
