/*
 * broken_relay - the relay itself, with one fault chosen by BROKEN in its
 * environment: negative controls for stress_relay and stress_return.  The faults
 * sit between the relay's own parts (the linker's --wrap), so that the program
 * that ships has no trace of them.
 *
 *	entry		the tape leaves every 500th entry out
 *	twice		... or has it twice
 *	behind		after an upgrade a client of the log stands one entry too far back
 *	ahead		... or one too far ahead
 *	bytes		an upgrade forgets what was being sent
 *	socket		an upgrade forgets to keep one client's descriptor
 *	state		after an upgrade states are sent again
 */
#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "relay/conn.h"
#include "relay/handover.h"
#include "relay/relay.h"
#include "relay/tape.h"

enum { ONE_IN = 500 };

static bool
broken(const char *how)
{
	const char *chosen = getenv("BROKEN");

	return chosen != NULL && strcmp(chosen, how) == 0;
}

void __real_tape_add(struct tape *t, uint64_t seq, const struct frame *bytes);
void __wrap_tape_add(struct tape *t, uint64_t seq, const struct frame *bytes);
uint64_t __real_tape_seq(const struct tape *t, uint64_t at, uint64_t caught_up);
uint64_t __wrap_tape_seq(const struct tape *t, uint64_t at, uint64_t caught_up);
int __real_handover_write(struct relay *r, int listen_fd, bool handed_in);
int __wrap_handover_write(struct relay *r, int listen_fd, bool handed_in);

static bool handing_over;

void
__wrap_tape_add(struct tape *t, uint64_t seq, const struct frame *bytes)
{
	if (seq % ONE_IN != 0 || !broken("entry"))
		__real_tape_add(t, seq, bytes);
	if (seq % ONE_IN == 0 && broken("twice"))
		__real_tape_add(t, seq, bytes);
}

uint64_t
__wrap_tape_seq(const struct tape *t, uint64_t at, uint64_t caught_up)
{
	uint64_t seq = __real_tape_seq(t, at, caught_up);

	if (handing_over && broken("behind"))
		return seq - 1;
	return handing_over && broken("ahead") ? seq + 1 : seq;
}

int
__wrap_handover_write(struct relay *r, int listen_fd, bool handed_in)
{
	int fd;

	for (struct conn *c = r->server.conns; c != NULL; c = c->next) {
		if (broken("bytes") && c->out != NULL)
			c->out_at = c->out_end;
		if (broken("state"))
			c->sub.at = 0;
	}
	handing_over = true;
	fd = __real_handover_write(r, listen_fd, handed_in);
	handing_over = false;
	if (broken("socket") && r->server.conns != NULL)
		(void)fcntl(r->server.conns->watch.fd, F_SETFD, FD_CLOEXEC);
	return fd;
}
