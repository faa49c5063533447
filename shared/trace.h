/*
 * trace - USDT probes of provider `archon`, an interface for bpftrace and perf:
 *
 *	row__publish(row, seq)		a row was published
 *	wakeup__signal(kind)		'r' relays or 'c' crawlers were signalled
 *	conn__state(conn, state)	a client changed its state
 *	frame__recv(conn, opcode)	a whole WebSocket frame arrived
 *	message__send(conn, from)	a message (or the rest of one) was taken up for a client
 *	request__begin(id, route)	a handler is called; both are strings
 *	request__end(id, status)	it has returned
 *	crawl__begin(id, url)		strings
 *	crawl__end(id, phase)		enum crawl_phase
 *	page__fetched(url, status)	an HTTP exchange has ended; 0: no reply
 *	page__stored(source, url)	strings; with the rest of its batch it is committed
 *
 * A test reads their names out of the programs, archon(7) lists them.
 *
 * Without <sys/sdt.h> they cost nothing; with it, one nop each.
 */
#ifndef TRACE_H
#define TRACE_H

#ifdef HAVE_SYS_SDT_H
#include <sys/sdt.h>
#define TRACE1(name, a) DTRACE_PROBE1(archon, name, a)
#define TRACE2(name, a, b) DTRACE_PROBE2(archon, name, a, b)
#else
#define TRACE1(name, a) ((void)(a))
#define TRACE2(name, a, b) ((void)(a), (void)(b))
#endif

#endif
