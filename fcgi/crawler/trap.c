#include "config.h"

#include "crawler/trap.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "shared/ids.h"

enum {
	MAX_SEGMENTS = 24,
	MAX_SAME = 3,			/* one segment, or a pair of them, in a row */
	MAX_PARAMS = 8,
	MAX_QUERIES = 500,
	MAX_DATED = 400,
	MAX_SLOTS = 1 << 20,		/* counters: 16 MiB, then new ones are not counted */
};

static const char *const words[] = {
#define X(name, word) [TRAP_##name] = word,
	TRAP_RULES(X)
#undef X
};

const char *
trap_word(enum trap_rule r)
{
	return words[r];
}

void
traps_fini(struct traps *t)
{
	free(t->slot);
	*t = (struct traps){ 0 };
}

/* -- counters -------------------------------------------------------------- */

static struct trap_count *
slot_of(struct trap_count *slots, size_t n, uint64_t hash)
{
	size_t i = hash & (n - 1);

	while (slots[i].hash != 0 && slots[i].hash != hash)
		i = (i + 1) & (n - 1);
	return &slots[i];
}

static bool
grow(struct traps *t)
{
	size_t n = t->n_slots != 0 ? t->n_slots * 2 : 256;
	struct trap_count *slots;

	if (n > MAX_SLOTS || (slots = calloc(n, sizeof *slots)) == NULL)
		return false;
	for (size_t i = 0; i < t->n_slots; i++)
		if (t->slot[i].hash != 0)
			*slot_of(slots, n, t->slot[i].hash) = t->slot[i];
	free(t->slot);
	t->slot = slots;
	t->n_slots = n;
	return true;
}

static bool
count_to(struct traps *t, uint64_t hash, uint32_t max)	/* false: it was max already */
{
	struct trap_count *c;

	if (t->used * 2 >= t->n_slots && !grow(t) && t->used + 1 >= t->n_slots)
		return true;
	c = slot_of(t->slot, t->n_slots, hash);
	if (c->n >= max)
		return false;
	t->used += c->hash == 0;
	c->hash = hash;
	c->n++;
	return true;
}

/* -- rules ----------------------------------------------------------------- */

static enum trap_rule
check_segments(const char *p, size_t len)
{
	struct slice seg[MAX_SEGMENTS];
	size_t n = 0, at = 1, end;

	for (; at < len; at = end + 1) {
		for (end = at; end < len && p[end] != '/'; end++)
			continue;
		if (n == MAX_SEGMENTS)
			return TRAP_DEEP;
		seg[n++] = (struct slice){ p + at, end - at };
	}
	for (size_t period = 1; period <= 2; period++) {
		size_t run = 0;

		for (size_t i = period; i < n; i++) {
			bool same = seg[i].len > 0 && seg[i].len == seg[i - period].len &&
			    memcmp(seg[i].p, seg[i - period].p, seg[i].len) == 0;

			run = same ? run + 1 : 0;
			if (run >= MAX_SAME * period)
				return TRAP_REPEAT;
		}
	}
	return TRAP_NONE;
}

static size_t
number_at(const char *s, size_t len, size_t at, size_t max_digits, unsigned *value)	/* its digits, 0: none */
{
	size_t n = 0;

	*value = 0;
	while (at + n < len && n <= max_digits && isdigit((unsigned char)s[at + n]))
		*value = *value * 10 + (unsigned)(s[at + n++] - '0');
	return n <= max_digits ? n : 0;
}

/* How long is the date at s + at: a year of four digits, '/' or '-', a month, perhaps a day?  0: none. */
static size_t
date_at(const char *s, size_t len, size_t at)
{
	unsigned year, month, day;
	size_t end = at + number_at(s, len, at, 4, &year), n;

	if (end != at + 4 || end >= len || (s[end] != '/' && s[end] != '-'))
		return 0;
	n = number_at(s, len, end + 1, 2, &month);
	if (n == 0 || month < 1 || month > 12)
		return 0;
	end += 1 + n;
	if (end < len && (s[end] == '/' || s[end] == '-') &&
	    (n = number_at(s, len, end + 1, 2, &day)) > 0 && day >= 1 && day <= 31)
		end += 1 + n;
	return end - at;
}

/*
 * form: s with the digits of its dates levelled, so that the days of a calendar
 * look alike, while /2023/1/p17.html and /2023/1/p18.html do not.  Is there a date?
 */
static bool
dated_form(const char *s, size_t len, char *form)
{
	bool dated = false;

	memcpy(form, s, len);
	for (size_t i = 0; i < len; i++) {
		size_t n = i > 0 && isdigit((unsigned char)s[i - 1]) ? 0 : date_at(s, len, i);

		for (size_t j = i; j < i + n; j++)
			if (isdigit((unsigned char)s[j]))
				form[j] = '0';
		dated |= n > 0;
	}
	return dated;
}

enum trap_rule
trap_check(struct traps *t, const struct url *u)
{
	struct slice path = url_path(u);
	enum trap_rule rule = check_segments(path.p, path.len);
	char form[ROW_URL_BYTES];
	unsigned params = 1;

	for (size_t i = u->query_at; i < u->len; i++)
		params += u->text[i] == '&';
	if (rule == TRAP_NONE && params > MAX_PARAMS)
		rule = TRAP_PARAMS;
	if (rule == TRAP_NONE && u->query_at < u->len &&
	    !count_to(t, id_hash(u->text, u->query_at), MAX_QUERIES))
		rule = TRAP_QUERIES;
	if (rule == TRAP_NONE && dated_form(u->text + u->path_at, u->len - u->path_at, form) &&
	    !count_to(t, id_hash(form, u->len - u->path_at) ^ 1, MAX_DATED))
		rule = TRAP_CALENDAR;
	t->struck[rule]++;
	return rule;
}
