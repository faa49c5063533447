#include "config.h"

#include "relay/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "relay/handover_layout.h"
#include "relay/relay.h"
#include "shared/log.h"
#include "shared/text.h"

/* -- writing ------------------------------------------------------------------------ */

static void
put_bytes(struct text *t, const void *p, size_t len)	/* with its length in front */
{
	uint32_t n = (uint32_t)len;

	text_put(t, &n, sizeof n);
	text_put(t, p, len);
}

static void
put_frame(struct text *t, const struct frame *f, uint32_t from, uint32_t to)
{
	put_bytes(t, f != NULL ? f->bytes + from : NULL, f != NULL ? to - from : 0);
}

static void
put_conn(struct text *t, const struct conn *c)
{
	bool topic = c->stream != NULL && c->stream->takes_id;
	struct handover_conn hc = {
		.fd = c->watch.fd, .state = c->state, .wire = c->wire, .choice = c->choice,
		.kind = c->stream != NULL ? (uint8_t)conn_kind(c) : HANDOVER_NO_STREAM,
		.flags = (uint8_t)(c->peer_closed | c->shut << 1 | c->counted << 2 | c->want_ping << 3 | c->want_beat << 4 | c->greeted << 5),
		.number = c->number, .at = c->sub.at, .mark = c->sub.mark,
		.address_key = address_key(&c->server->addresses, c->address),
		.rate_second = c->rate_second, .rate_n = c->rate_n, .origin = c->origin, .has_in = c->in != NULL,
	};

	if (c->grant != GRANT_NONE) {
		const struct grant *g = &c->server->grants.v[c->grant - 1];

		hc.granted = true;
		hc.grant_key = g->key;
		hc.grant_until_wall_ms = g->until_wall_ms;
	}
	if (c->stream != NULL && c->stream->place != NULL) {
		hc.at = c->stream->place(c);
		hc.mark = 0;
	}
	for (unsigned i = 0; i < N_DUES; i++)
		hc.due_left_ms[i] = conn_due_left_ms(c, i);
	text_put(t, &hc, sizeof hc);
	put_bytes(t, topic ? topic_of(&c->sub)->id : NULL, topic ? topic_of(&c->sub)->id_len : 0);
	put_frame(t, c->out, c->out_at, c->out_end);
	put_frame(t, c->reply, 0, c->reply != NULL ? c->reply->len : 0);
	put_frame(t, c->last, 0, c->last != NULL ? c->last->len : 0);
	put_bytes(t, c->held != NULL ? c->held->bytes : NULL, c->held != NULL ? c->held->len : 0);
	if (c->in == NULL)
		return;
	put_bytes(t, &c->in->ws, sizeof c->in->ws);
	put_bytes(t, c->in->text, c->in->text_len <= CONN_TEXT_MAX ? c->in->text_len : 0);
	text_put(t, &c->in->text_len, sizeof c->in->text_len);
	put_bytes(t, c->in->packed.p, c->in->packed.len);
}

static void
put_live(struct text *t, const struct live *l)
{
	struct handover_live hl = { .epoch = l->epoch, .changes = l->changes, .on = l->on, .n = l->n_topics };

	text_put(t, &hl, sizeof hl);
	for (uint32_t i = 0; i < l->n; i++) {
		const struct topic *topic = l->v[i].t;

		if (topic == NULL)
			continue;
		text_put(t, &topic->shown->change, sizeof topic->shown->change);
		text_put(t, &topic->shown->seq, sizeof topic->shown->seq);
		put_bytes(t, topic->id, topic->id_len);
	}
}

static bool
keep_open(int fd, bool keep)
{
	return fcntl(fd, F_SETFD, keep ? 0 : FD_CLOEXEC) == 0;
}

static int
write_all(int fd, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n == -1 && errno != EINTR)
			return -errno;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

int
handover_write(struct relay *r, int listen_fd, bool handed_in)
{
	const struct server *sv = &r->server;
	struct handover_head head = {
		.version = HANDOVER_VERSION,
		.listen_fd = listen_fd, .handed_in = handed_in, .n_fds = sv->n_conns,
	};
	struct handover_counts hc = { .struct_bytes = HANDOVER_STRUCT_BYTES };
	struct text t = { 0 };
	bool kept = true;
	int fd, rc;

	memcpy(head.magic, HANDOVER_MAGIC, sizeof head.magic);
	text_put(&t, &head, sizeof head);
	for (const struct conn *c = sv->conns; c != NULL; c = c->next) {
		int32_t client = c->watch.fd;

		text_put(&t, &client, sizeof client);
	}
	hc.counts = sv->counts;
	hc.generation = sv->grants.generation;
	hc.seen = sv->grants.seen;
	text_put(&t, &hc, sizeof hc);
	put_live(&t, &r->live);
	for (const struct conn *c = sv->conns; c != NULL; c = c->next)
		put_conn(&t, c);
	fd = t.failed ? -1 : memfd_create("archon-relay", 0);
	rc = t.failed ? -ENOMEM : fd == -1 ? -errno : write_all(fd, t.p, t.len);
	text_fini(&t);
	for (const struct conn *c = sv->conns; c != NULL && rc == 0; c = c->next)
		kept = keep_open(c->watch.fd, true) && kept;
	if (rc == 0 && keep_open(listen_fd, true) && kept)
		return fd;
	if (fd != -1)
		close(fd);
	handover_undo(r, listen_fd);
	return rc < 0 ? rc : -EBADF;
}

void
handover_undo(struct relay *r, int listen_fd)
{
	for (const struct conn *c = r->server.conns; c != NULL; c = c->next)
		(void)keep_open(c->watch.fd, false);	/* it could be set, so it can be again */
	(void)keep_open(listen_fd, false);
}

/* -- reading -------------------------------------------------------------------------- */

struct reader {
	const uint8_t *p;
	size_t	       len;
	bool	       bad;		/* it ended early: everything read since is zero */
};

static const void *
get(struct reader *rd, size_t len)	/* NULL: bad */
{
	const void *at = rd->p;

	if (rd->bad || len > rd->len) {
		rd->bad = true;
		return NULL;
	}
	rd->p += len;
	rd->len -= len;
	return at;
}

static void
get_into(struct reader *rd, void *out, size_t len)
{
	const void *at = get(rd, len);

	if (at != NULL)
		memcpy(out, at, len);
	else
		memset(out, 0, len);
}

static struct slice
get_bytes(struct reader *rd)
{
	uint32_t n;
	const void *at;

	get_into(rd, &n, sizeof n);
	at = get(rd, n);
	return (struct slice){ at, at != NULL ? n : 0 };
}

static bool
get_frame(struct reader *rd, struct frame **out)	/* false: memory ran out */
{
	struct slice s = get_bytes(rd);

	*out = s.len > 0 ? frame_raw(s.p, s.len) : NULL;
	return s.len == 0 || *out != NULL;
}

static const struct stream *
stream_of(const struct server *sv, unsigned kind)
{
	for (unsigned i = 0; i < sv->n_streams; i++)
		if (sv->streams[i]->kind == kind && sv->streams[i]->resume != NULL)
			return sv->streams[i];
	return NULL;
}

static bool
get_in(struct reader *rd, struct conn *c)
{
	struct slice ws = get_bytes(rd), text = get_bytes(rd), packed;
	uint16_t text_len;

	get_into(rd, &text_len, sizeof text_len);
	packed = get_bytes(rd);
	if (rd->bad || ws.len != sizeof c->in->ws || text.len > CONN_TEXT_MAX || (c->in = calloc(1, sizeof *c->in)) == NULL)
		return false;
	memcpy(&c->in->ws, ws.p, ws.len);
	memcpy(c->in->text, text.p != NULL ? text.p : "", text.len);
	c->in->text_len = text_len;
	text_put(&c->in->packed, packed.p, packed.len);
	return !c->in->packed.failed;
}

static bool
conn_restore(struct conn *c, const struct handover_conn *hc, struct reader *rd)
{
	struct slice id, held;
	bool ok;

	if (hc->state > CONN_DRAIN || hc->wire >= N_WIRES) {
		rd->bad = true;		/* nobody knows how long it is */
		return false;
	}
	c->state = hc->state;
	c->wire = hc->wire;
	c->choice = hc->choice;
	c->number = hc->number;
	c->rate_second = hc->rate_second;
	c->rate_n = hc->rate_n;
	c->origin = hc->origin;
	c->peer_closed = hc->flags & 1;
	c->shut = hc->flags >> 1 & 1;
	c->want_ping = hc->flags >> 3 & 1;
	c->want_beat = hc->flags >> 4 & 1;
	c->greeted = hc->flags >> 5 & 1;
	c->counted = hc->flags >> 2 & 1;
	c->server->n_clients += c->counted;
	id = get_bytes(rd);
	ok = get_frame(rd, &c->out);
	c->out_end = c->out != NULL ? c->out->len : 0;
	ok = get_frame(rd, &c->reply) && ok;
	ok = get_frame(rd, &c->last) && ok;
	held = get_bytes(rd);
	if (held.len > 0 && (c->held = malloc(sizeof *c->held + held.len)) != NULL) {
		c->held->len = held.len;
		memcpy(c->held->bytes, held.p, held.len);
	}
	ok = ok && (held.len == 0 || c->held != NULL);
	if (hc->has_in)
		ok = get_in(rd, c) && ok;
	ok = ok && address_take_key(&c->server->addresses, hc->address_key, UINT32_MAX, &c->address) == 0;
	if (hc->granted)
		ok = ok && grant_take(c->server, hc->grant_key, hc->grant_until_wall_ms, &c->grant) == 0;
	for (unsigned i = 0; i < N_DUES; i++)
		conn_due_in(c, i, hc->due_left_ms[i]);
	if (!ok || rd->bad)
		return false;
	if (hc->state != CONN_OPEN)
		return true;
	if ((c->stream = stream_of(c->server, hc->kind)) == NULL)
		return false;
	c->server->clients[hc->kind][way_of(c->wire)]++;
	c->server->running = c;		/* who joins may be told at once: not before its cursor stands */
	ok = c->stream->resume(c, id) >= 0;
	c->server->running = NULL;
	c->sub.at = hc->at;
	c->sub.mark = hc->mark;
	return ok;
}

static void
get_live(struct reader *rd, struct relay *r)
{
	struct handover_live hl;
	struct reader again;

	get_into(rd, &hl, sizeof hl);
	live_resume(&r->live, hl.epoch, hl.changes);
	again = *rd;
	for (unsigned pass = 0; pass < 2; pass++) {	/* what changed meanwhile is newer than all that did not */
		*rd = again;
		for (uint32_t i = 0; i < hl.n && !rd->bad; i++) {
			uint64_t change, seq;
			struct slice id;
			struct topic *t;

			get_into(rd, &change, sizeof change);
			get_into(rd, &seq, sizeof seq);
			id = get_bytes(rd);
			if (rd->bad || id.len == 0 || id.len > UINT8_MAX || (t = topics_get(&r->topics, id.p, id.len)) == NULL)
				continue;
			if (pass == 0)
				follow_topic(&r->follow, t);
			if (topic_has_message(t) && (t->shown->seq == seq) == (pass == 0))
				live_put(&r->live, t, pass == 0 ? change : 0);
			topic_release(t);
		}
	}
	if (hl.on)
		live_on(&r->live);
}

static int
get_all(struct relay *r, struct reader *rd, uint32_t n)
{
	struct handover_counts counts;
	unsigned lost = 0;

	get_into(rd, &counts, sizeof counts);
	if (rd->bad || counts.struct_bytes != HANDOVER_STRUCT_BYTES)
		return -ESTALE;		/* the same version of another build */
	r->server.counts = counts.counts;
	get_live(rd, r);
	for (uint32_t i = 0; i < n && !rd->bad; i++) {
		struct handover_conn hc;
		struct conn *c;

		get_into(rd, &hc, sizeof hc);
		if (rd->bad || conn_new(&r->server, hc.fd, &c) < 0)
			return -ENOMEM;
		if (!conn_restore(c, &hc, rd)) {
			conn_kill(c, "handover");
			lost++;
		} else {
			conn_resume(c);
		}
	}
	log_event(LOG_NOTICE, "handover clients=%u lost=%u", r->server.n_clients, lost);
	/* What was told between the two of us, whichever table that was in. */
	r->server.grants.generation = counts.generation;
	r->server.grants.seen = counts.seen;
	grants_attach(&r->server, r->follow.table);
	return rd->bad ? -EBADMSG : 0;
}

int
handover_head(int memfd, struct handover_head *h, struct err *e)
{
	if (pread(memfd, h, sizeof *h, 0) != (ssize_t)sizeof *h || memcmp(h->magic, HANDOVER_MAGIC, sizeof h->magic) != 0)
		return err_set(e, -EBADMSG, "descriptor %d is no handover", memfd);
	return 0;
}

int
handover_read(struct relay *r, int memfd, struct err *e)
{
	struct handover_head head = { 0 };
	struct reader rd = { 0 };
	const uint8_t *map, *fds;
	struct stat sb;
	int rc;

	if ((rc = handover_head(memfd, &head, e)) < 0)
		return rc;
	if (fstat(memfd, &sb) == -1)
		return err_set(e, -errno, "handover: %s", strerror(errno));
	map = mmap(NULL, (size_t)sb.st_size, PROT_READ, MAP_PRIVATE, memfd, 0);
	if (map == MAP_FAILED)
		return err_set(e, -errno, "handover: %s", strerror(errno));
	rd = (struct reader){ .p = map + sizeof head, .len = (size_t)sb.st_size - sizeof head };
	fds = get(&rd, (size_t)head.n_fds * sizeof(int32_t));
	for (uint32_t i = 0; i < head.n_fds && fds != NULL; i++) {
		int32_t fd;

		memcpy(&fd, fds + i * sizeof fd, sizeof fd);
		(void)keep_open(fd, false);
	}
	rc = fds == NULL ? -EBADMSG : head.version != HANDOVER_VERSION ? -ESTALE : get_all(r, &rd, head.n_fds);
	if (rc < 0) {
		while (r->server.conns != NULL)
			conn_kill(r->server.conns, "handover");
		for (uint32_t i = 0; i < head.n_fds && fds != NULL; i++) {
			int32_t fd;

			memcpy(&fd, fds + i * sizeof fd, sizeof fd);
			(void)close(fd);	/* some are already: nothing was opened since */
		}
		err_set(e, rc, "handover of version %u: %s", head.version, strerror(-rc));
	}
	(void)munmap((void *)(uintptr_t)map, (size_t)sb.st_size);
	return rc;
}
