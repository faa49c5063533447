/*
 * journal - lines of the log as entries of systemd's journal, with fields to ask by:
 * `journalctl ARCHON_CRAWL_ID=...`, ARCHON_REQUEST_ID.  Used when stderr leads
 * there (JOURNAL_STREAM, systemd.exec(5)); the protocol is the documented one of
 * /run/systemd/journal/socket.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
enum { JOURNAL_ENTRY_BYTES = 1536 };

/* A socket to it when stderr is the journal's, else -1. */
int journal_open(const char *socket_path);

/*
 * An entry: its bytes, or 0 when out is too small.  message is printable, and
 * " crawl=" and " id=" in it begin a value that ends at the next space.
 */
size_t journal_entry(char *out, size_t bytes, int priority, const char *program, const char *message);

bool journal_send(int fd, int priority, const char *program, const char *message);	/* false: it was not taken */

#endif
