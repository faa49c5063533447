/*
 * page_markdown - what the crawler makes of HTML files, for the tests over real
 * documentation and for a look by eye.
 *
 *   page_markdown OUT <LIST   each line of LIST is "FILE<TAB>URL": OUT/1.md,
 *                             OUT/2.md ... are written
 *   page_markdown -t [N] <LIST  nothing is written; the milliseconds of CPU of N
 *                             rounds [5] are, least first
 *   page_markdown -c SIZE <LIST  how the chunks of all pages are spread
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crawler/charset.h"
#include "crawler/chunk.h"
#include "crawler/document.h"
#include "crawler/dom.h"
#include "crawler/markup_guard.h"

struct file {
	char *path, *html;
	size_t len;
	struct url url;
};

static struct file *files;
static size_t n_files;

static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static char *
slurp(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	struct text t = { 0 }, utf8 = { 0 };
	char buf[65536];
	size_t n;

	if (f == NULL)
		return NULL;
	while ((n = fread(buf, 1, sizeof buf, f)) > 0)
		text_put(&t, buf, n);
	(void)fclose(f);		/* it was only read */
	if (charset_to_utf8(&utf8, t.p, t.len, "", 1) == 0) {
		text_fini(&t);
		t = utf8;
	}
	return text_take(&t, len);
}

static int
read_list(void)
{
	char line[8192], *tab;

	while (fgets(line, sizeof line, stdin) != NULL) {
		struct file *more = realloc(files, (n_files + 1) * sizeof *files), *f;

		if (more == NULL)
			return -ENOMEM;
		files = more;
		line[strcspn(line, "\n")] = '\0';
		f = &files[n_files];
		if ((tab = strchr(line, '\t')) == NULL || url_parse(&f->url, tab + 1) < 0)
			return -EINVAL;
		*tab = '\0';
		f->path = strdup(line);
		if (f->path == NULL || (f->html = slurp(line, &f->len)) == NULL)
			return -EIO;
		n_files++;
	}
	return 0;
}

static int
write_all(const char *dir)
{
	for (size_t i = 0; i < n_files; i++) {
		struct document doc = { 0 };
		char path[4096];
		FILE *f;
		int rc = extract_html(&doc, files[i].html, files[i].len, &files[i].url);

		if (rc < 0)
			fprintf(stderr, "%s: %s\n", files[i].path, strerror(-rc));
		snprintf(path, sizeof path, "%s/%zu.md", dir, i + 1);
		if ((f = fopen(path, "wb")) == NULL)
			return 1;
		fwrite(doc.markdown.p, 1, doc.markdown.len, f);
		if (fclose(f) != 0)
			return 1;
		document_fini(&doc);
	}
	return 0;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
print_times(const char *what, double *ms, unsigned n)
{
	qsort(ms, n, sizeof *ms, by_value);
	printf("%-10s %8.1f ms, median %8.1f, %6.1f us a page\n", what, ms[0], ms[n / 2], ms[0] * 1e3 / (double)(n_files ? n_files : 1));
}

static int
time_all(unsigned rounds)
{
	double guard[64], parse[64], all[64], rest[64], chunk[64];
	size_t sum = 0;

	if (rounds == 0 || rounds > 64)
		rounds = 5;
	for (unsigned r = 0; r < rounds; r++) {
		struct chunks c = { 0 };

		guard[r] = parse[r] = all[r] = rest[r] = chunk[r] = 0;
		for (size_t i = 0; i < n_files; i++) {	/* page by page, so that all meet the same load */
			struct document doc = { 0 };
			struct dom *d;
			double at[5];

			at[0] = now_ms();
			sum += markup_guard(files[i].html, files[i].len);
			at[1] = now_ms();
			if (dom_parse(&d, files[i].html, files[i].len) < 0)
				return 1;
			dom_free(d);
			at[2] = now_ms();
			(void)extract_html(&doc, files[i].html, files[i].len, &files[i].url);
			at[3] = now_ms();
			(void)chunk_markdown(&c, doc.markdown.p, doc.markdown.len, doc.title, 5000, true);
			at[4] = now_ms();
			chunks_fini(&c);
			document_fini(&doc);
			guard[r] += at[1] - at[0];
			parse[r] += at[2] - at[1];
			all[r] += at[3] - at[2];
			chunk[r] += at[4] - at[3];
		}
		rest[r] = all[r] - parse[r];
	}
	print_times("guard", guard, rounds);
	print_times("parse", parse, rounds);
	print_times("extract", all, rounds);
	print_times("on top", rest, rounds);	/* what is not the parser: the guard, too */
	print_times("chunk", chunk, rounds);
	return sum == 0;
}

static int
show_chunks(unsigned size)
{
	unsigned spread[8] = { 0 };
	static const size_t bound[] = { 50, 100, 200, 400, 800, 2000, 5000 };
	size_t n = 0, examples = 0;

	for (size_t i = 0; i < n_files; i++) {
		struct document doc = { 0 };
		struct chunks c = { 0 };

		(void)extract_html(&doc, files[i].html, files[i].len, &files[i].url);
		(void)chunk_markdown(&c, doc.markdown.p, doc.markdown.len, doc.title, size, true);
		for (unsigned k = 0; k < c.n_chunks; k++) {
			unsigned b = 0;

			while (b < 7 && c.chunk[k].body.len >= bound[b])
				b++;
			spread[b]++;
			if (getenv("T_SHOW") != NULL)
				printf("---- [%.*s] %zu\n%.*s\n", (int)c.chunk[k].headings.len, c.chunk[k].headings.p,
				    c.chunk[k].body.len, (int)c.chunk[k].body.len, c.chunk[k].body.p);
		}
		n += c.n_chunks;
		examples += c.n_examples;
		chunks_fini(&c);
		document_fini(&doc);
	}
	printf("%zu chunks, %zu examples\n", n, examples);
	for (unsigned b = 0; b < 8; b++)
		printf("  %s%zu bytes: %u\n", b < 7 ? "under " : "from ", bound[b < 7 ? b : 6], spread[b]);
	return 0;
}

int
main(int argc, char **argv)
{
	int rc;

	if (argc < 2)
		return 64;
	if ((rc = read_list()) < 0) {
		fprintf(stderr, "line %zu of the list: %s\n", n_files + 1, strerror(-rc));
		return 1;
	}
	if (strcmp(argv[1], "-t") == 0)
		rc = time_all(argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 5);
	else if (strcmp(argv[1], "-c") == 0)
		rc = show_chunks(argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 5000);
	else
		rc = write_all(argv[1]);
	for (size_t i = 0; i < n_files; i++) {
		free(files[i].path);
		free(files[i].html);
	}
	free(files);
	return rc;
}
