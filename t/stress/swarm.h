/*
 * swarm - a real archon-relay and many clients of it in one process, around one
 * epoll: WebSockets and event streams of crawls and of the log.  The relay is
 * handed its listening socket as by systemd, so it is there while no relay is.
 *
 * What every client of every stream may rely on is judged here, and anything
 * else ends the program with status 1: frames and events are well-formed, a
 * sequence number never falls and never comes twice on one connection, no log
 * entry is left out unless a gap says how many.
 */
#ifndef SWARM_H
#define SWARM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "shared/table.h"

enum { SWARM_TOPICS = 20, SWARM_PATIENCE_MS = 60000 };

/* Under AddressSanitizer what was freed stays a while: memory is flat only roughly. */
#ifdef __SANITIZE_ADDRESS__
enum { SWARM_GROWTH_KB = 12 * 1024 };
#else
enum { SWARM_GROWTH_KB = 1024 };
#endif

enum client_kind { CRAWL_WS, CRAWL_EVENTS, LOG_WS, LOG_EVENTS, N_CLIENT_KINDS };

struct client {
	int	 fd;			/* -1: away */
	uint8_t	 kind;			/* enum client_kind */
	bool	 open;			/* the head of the answer was read */
	bool	 fresh;			/* the state it has seen may come once more: it has just come back */
	bool	 deaf;			/* does not read until swarm_hear() */
	bool	 gap;			/* it was told that entries are missing */
	unsigned topic;			/* crawls: which */
	uint64_t seen;			/* sequence number given last; of the log: the next is one more */
	struct held *held;		/* half a message */
};

struct swarm {
	char	      dir[64], socket_path[96];	/* below TMPDIR, or /tmp */
	const char   *program;		/* borrowed */
	const char   *conf;		/* further lines; borrowed */
	int	      listen_fd, epfd;
	pid_t	      relay;		/* 0: none */
	struct table *table;
	struct client *clients;
	unsigned      n_clients;
	uint64_t      state;		/* sequence number of every crawl's newest state */
	uint64_t      missed;		/* entries told as missing, to whom deaf is set */
	unsigned      n_ended;
	bool	      stay;		/* who is ended comes back at once; else that must not happen */
};

__attribute__((noreturn, format(printf, 1, 2)))
void die(const char *fmt, ...);			/* one line, status 1 */

/* A directory, a table, the crawls in it, a listening socket; no relay yet. */
void swarm_init(struct swarm *s, const char *program, const char *conf, unsigned n_clients);
void swarm_fini(struct swarm *s);		/* TERM to the relay, which must end with 0 */

void swarm_relay_start(struct swarm *s);
bool swarm_relay_ended(struct swarm *s, int *status);	/* reaps it */
long swarm_relay_kb(const struct swarm *s);	/* memory of its own, by its share (PSS) */
unsigned swarm_log_count(const struct swarm *s, const char *what);	/* lines of its log that hold this */

void swarm_come(struct swarm *s);		/* all who are away connect, as far as the backlog lets them */
void swarm_turn(struct swarm *s, int ms);	/* read what comes; wait at most so long */
void swarm_hear(struct swarm *s);		/* the deaf read from now on */

void swarm_publish(struct swarm *s);		/* a newer state of every crawl */
void swarm_append(struct swarm *s, unsigned n);	/* entries of the log, at most 100 */

/* Does every client (but the deaf) have the newest of its stream? */
bool swarm_is_current(const struct swarm *s);
uint64_t swarm_log_behind(const struct swarm *s, bool deaf_too);	/* entries the last log client lacks */

int swarm_connect(const struct swarm *s);	/* a non-blocking socket; -1: the backlog is full */
size_t swarm_request(char *out, size_t size, const char *path, bool upgrade, const char *fields);

#endif
