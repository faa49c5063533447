/*
 * parse < LIST: parse each file of the list with the HTML parser as it comes, and
 * free the tree; prints CPU seconds, files, bytes.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#ifdef WITH_GUMBO
#include <gumbo.h>
#endif

#include "crawler/dom.h"

static double
cpu_seconds(void)
{
	struct rusage r;

	(void)getrusage(RUSAGE_SELF, &r);
	return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) + (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static void
parse(const char *body, size_t len)
{
#ifdef WITH_GUMBO			/* what we do to be quicker is no part of the floor */
	gumbo_destroy_output(&kGumboDefaultOptions, gumbo_parse_with_options(&kGumboDefaultOptions, body, len));
#else
	struct dom *d;

	if (dom_parse(&d, body, len) < 0)
		exit(1);
	dom_free(d);
#endif
}

int
main(void)
{
	static char path[4096], body[64 << 20];
	double spent = 0;
	size_t n = 0, bytes = 0, len;
	FILE *f;

	while (fgets(path, sizeof path, stdin) != NULL) {
		path[strcspn(path, "\n")] = '\0';
		if ((f = fopen(path, "r")) == NULL)
			continue;
		len = fread(body, 1, sizeof body, f);
		(void)fclose(f);	/* read only */
		spent -= cpu_seconds();
		parse(body, len);
		spent += cpu_seconds();
		n++;
		bytes += len;
	}
	printf("%.3f %zu %zu\n", spent, n, bytes);
	return 0;
}
