/*
 * outcome - what became of each URL of a crawl, as it is counted at the end.
 * The words are the wire's own.
 */
#ifndef OUTCOME_H
#define OUTCOME_H

/* Pages. */
#define OUTCOMES_PAGE(X)			\
	X(NEW,		"new")			\
	X(CHANGED,	"changed")		\
	X(UNCHANGED,	"unchanged")		\
	X(REMOVED,	"removed")

/* Met and not stored. */
#define OUTCOMES_SKIP(X)			\
	X(REDIRECT,	"redirect")		\
	X(OUTSIDE,	"outside")		\
	X(DUPLICATE,	"duplicate")		\
	X(CANONICAL,	"canonical")		\
	X(NOINDEX,	"noindex")		\
	X(ROBOTS,	"robots")		\
	X(TYPE,		"type")			\
	X(LARGE,	"large")		\
	X(LIST,		"list")			\
	X(LIMIT,	"limit")

/* Wanted and not had. */
#define OUTCOMES_FAIL(X)			\
	X(NOT_FOUND,	"http_404")		\
	X(REFUSED,	"http_4xx")		\
	X(SERVER,	"http_5xx")		\
	X(HTTP,		"http_other")		\
	X(LOOP,		"redirect_loop")	\
	X(UNREADABLE,	"robots_unreadable")	\
	X(RESOLVE,	"host_not_found")	\
	X(CONNECT,	"connection_refused")	\
	X(TIMEOUT,	"timeout")		\
	X(TLS,		"tls_failed")		\
	X(ADDRESS,	"address_refused")	\
	X(BROKEN,	"connection_broken")	\
	X(INTERNAL,	"internal")

enum outcome {
#define X(name, word) OUTCOME_##name,
	OUTCOMES_PAGE(X)
	OUTCOMES_SKIP(X)
	OUTCOMES_FAIL(X)
#undef X
	OUTCOME_N,
	OUTCOME_SKIP_FIRST = OUTCOME_REDIRECT,
	OUTCOME_FAIL_FIRST = OUTCOME_NOT_FOUND,
};

const char *outcome_word(enum outcome o);		/* static; "new" ... */

#endif
