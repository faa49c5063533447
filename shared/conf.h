/*
 * conf - the one configuration file, archon.conf: `key = value` lines, `#`
 * comments, units in values (30s, 5m, 10MiB).  Unknown keys, repeated keys and
 * bad values are refused with file and line.  Every key stands in one table in
 * conf.c with its type, range and default; --help and archon.conf quote it.
 */
#ifndef CONF_H
#define CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "shared/err.h"
#include "shared/log.h"

enum { CONF_TEXT_BYTES = 512 };

enum conf_access { ACCESS_AUTO, ACCESS_REQUIRED, ACCESS_OFF };	/* see access.h */

struct conf {
	/* places */
	char	 run_dir[CONF_TEXT_BYTES];	/* sockets and the table; tmpfs */
	char	 state_dir[CONF_TEXT_BYTES];	/* the store */
	/* all */
	char	 log_level[16];
	enum log_level log_max;			/* log_level, parsed */
	char	 access_word[16];
	enum conf_access access;		/* access_word, parsed */
	char	 allow_origins[CONF_TEXT_BYTES];	/* space separated, beside the own one */
	int64_t	 table_rows;
	int64_t	 store_max_bytes;		/* 0: as the disk allows */
	/* api */
	int64_t	 api_threads;
	int64_t	 body_max_bytes;
	int64_t	 upload_max_bytes;
	int64_t	 max_queued;			/* crawls accepted and not ended */
	/* relay */
	int64_t	 conflate_ms;			/* further changes of a row, at most so often */
	int64_t	 ping_ms;			/* protocol ping; no pong within pong_ms: 1011 */
	int64_t	 pong_ms;
	int64_t	 heartbeat_ms;			/* {"type":"ping"} */
	int64_t	 handshake_ms;
	int64_t	 write_ms;			/* a client that does not drain */
	int64_t	 waiting_ms;			/* for an id that never starts */
	int64_t	 linger_ms;			/* open after the terminal message */
	int64_t	 max_clients;
	int64_t	 message_max_bytes;		/* from a client */
	int64_t	 max_messages;			/* a second, from a client; 0: any */
	int64_t	 max_per_address;		/* clients from one */
	int64_t	 drain_ms;			/* good-byes are spread over it */
	int64_t	 workers;
	bool	 compress;			/* permessage-deflate */
	/* crawler */
	int64_t	 max_crawls;			/* running at once; the rest waits */
	int64_t	 parse_threads;			/* 0: one a processor */
	int64_t	 connect_ms;
	int64_t	 fetch_ms;			/* one page, from start to end */
	int64_t	 page_max_bytes;
	int64_t	 crawl_max_bytes;		/* 0: no limit */
	int64_t	 convert_ms;			/* one uploaded document */
	char	 ports[CONF_TEXT_BYTES];	/* numbers and ranges, space separated */
	int64_t	 max_redirects;
	int64_t	 retries;			/* of one page, for failures that may pass */
	char	 user_agent[CONF_TEXT_BYTES];
	char	 allow_private[CONF_TEXT_BYTES];	/* CIDR or host:port, space separated */
	bool	 obey_robots;
	/* crawler and those that search */
	char	 embedding_url[CONF_TEXT_BYTES];	/* empty: nothing is embedded */
	char	 embedding_model[CONF_TEXT_BYTES];
	char	 embedding_key_file[CONF_TEXT_BYTES];
	/* ctl */
	char	 public_url[CONF_TEXT_BYTES];	/* where nginx answers */
};

void conf_defaults(struct conf *c);

/* Read path over the defaults.  0, or -errno with e = "file:line: what is wrong". */
int conf_load(struct conf *c, const char *path, struct err *e);

/* Every key with what it is and its value in c, as an archon.conf; defaults are commented out. */
void conf_print(const struct conf *c, FILE *out);

#endif
