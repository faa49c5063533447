/* top: what goes on, live on a terminal; once when it is none. */
#include "config.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/screen.h"
#include "ctl/top_sample.h"
#include "shared/clock.h"

enum { EVERY_MS = 1000, ONCE_MS = 500 };	/* once: two looks, for what happens a second */

static int
complain(const struct ctl *ctl, const struct err *e)
{
	fprintf(stderr, "archonctl: %s; is archon running, is run_dir in %s right, and may you read it?\n",
	    e->text, ctl->opt.config != NULL ? ctl->opt.config : "archon.conf");
	return CTL_UNREACHABLE;
}

static int
once(const struct ctl *ctl, struct top_sample *before, struct top_sample *now)
{
	struct text out = { 0 };
	struct err e;
	int rc = CTL_DONE;

	(void)poll(NULL, 0, ONCE_MS);
	if (top_sample(now, &ctl->conf, &e) < 0)
		return complain(ctl, &e);
	if (ctl->opt.json) {
		top_json(&out, before, now);
		text_putc(&out, '\n');
	} else {
		top_draw(&out, before, now, 0, 0);
	}
	if (out.failed || fwrite(out.p, 1, out.len, stdout) != out.len || fflush(stdout) != 0)
		rc = CTL_FAILED;
	text_fini(&out);
	return rc;
}

static void
show(const struct top_sample *before, const struct top_sample *now, const char *trouble)
{
	struct text out = { 0 };
	unsigned lines, columns;

	screen_size(&lines, &columns);
	if (trouble != NULL)
		text_printf(&out, "%.*s\nlooking again; q ends\n", (int)columns, trouble);
	else
		top_draw(&out, before, now, lines, columns);
	screen_show(out.p, out.len);
	text_fini(&out);
}

static int
live(const struct ctl *ctl, struct top_sample *before, struct top_sample *now)
{
	int64_t next_mono_ns = 0;
	struct err e;
	bool there = true, over = false;
	int rc;

	*now = *before;
	if ((rc = screen_open()) < 0) {
		fprintf(stderr, "archonctl: the terminal cannot be used: %s\n", strerror(-rc));
		return CTL_FAILED;
	}
	while (!over) {
		int64_t left_ms = (next_mono_ns - clock_mono_ns()) / 1000000;
		char key = 0;

		if (left_ms <= 0) {		/* the table is opened anew each time: a restarted archon has a new one */
			if (there)
				*before = *now;
			there = top_sample(now, &ctl->conf, &e) == 0;
			if (!there)
				*now = *before;
			next_mono_ns = clock_mono_ns() + (int64_t)EVERY_MS * 1000000;
			left_ms = EVERY_MS;
			show(before, now, there ? NULL : e.text);
		}
		switch (screen_wait((int)left_ms, &key)) {
		case SCREEN_KEY:
			over = key == 'q' || key == 'Q';
			break;
		case SCREEN_RESIZED:
			show(before, now, there ? NULL : e.text);
			break;
		case SCREEN_ENDED:
			over = true;
			break;
		case SCREEN_TIME:
			break;
		}
	}
	screen_close();
	rc = screen_die();
	return rc == 0 ? CTL_DONE : CTL_FAILED;
}

int
cmd_top(const struct ctl *ctl)
{
	struct top_sample *s = calloc(2, sizeof *s);
	struct err e;
	int rc;

	if (s == NULL) {
		fputs("archonctl: out of memory\n", stderr);
		return CTL_FAILED;
	}
	if (top_sample(&s[0], &ctl->conf, &e) < 0)
		rc = complain(ctl, &e);
	else if (ctl->tty && isatty(STDIN_FILENO))
		rc = live(ctl, &s[0], &s[1]);
	else
		rc = once(ctl, &s[0], &s[1]);
	free(s);
	return rc;
}
