/*
 * snapshot - a crawl's state as archon tells it, taken out of its JSON.
 */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

struct snapshot {		/* strings are borrowed from the JSON object; never NULL */
	const char *id, *status, *url, *current_url, *error, *log, *eta, *duration, *source_id, *started;
	int64_t	    seq, percentage, total, processed, failed, skipped, chunks, words, code_examples, bytes;
	double	    pages_per_second;
	bool	    terminal;
};

void snapshot_read(struct snapshot *out, struct json_object *o);

/* A member of o as text ("" when absent) or number (0). */
const char *json_text_of(struct json_object *o, const char *key);
int64_t json_int_of(struct json_object *o, const char *key);

/* And as an array: its length, 0 when there is none.  *out is borrowed from o. */
unsigned long json_array_of(struct json_object *o, const char *key, struct json_object **out);

int json_print(struct json_object *o);		/* for --json: takes o, gives CTL_DONE */

/* Copy s to out, cut, without control bytes: it came from a web site. */
void printable(char *out, unsigned long bytes, const char *s);

/* 1234567 as "1.2 MB". */
void people_bytes(char out[24], int64_t n);

#endif
