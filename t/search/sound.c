/*
 * sound DIR: is the store in DIR, and are its search indexes, as they should be?
 * (The sqlite3 shell does not know our tokenizer.)
 */
#include "config.h"

#include <stdio.h>

#include "shared/store.h"

int
main(int argc, char **argv)
{
	struct store *st = NULL;
	struct err e = { "usage: sound DIR" };
	int rc = argc == 2 ? store_open(&st, argv[1], 0, false, &e) : -1;

	if (rc == 0 && (rc = store_check(st, &e)) == 0)
		(void)puts("sound");
	if (rc < 0)
		(void)fprintf(stderr, "%s\n", e.text);
	store_close(st);
	return rc < 0;
}
