/*
 * archon-convert - the shut-in reader of one uploaded document: standard input
 * to HTML (docx) or to what `pdftotext -htmlmeta' gives (pdf).  The crawler runs
 * it; exit statuses are in convert_child.h.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crawler/convert_child.h"
#include "crawler/docx.h"
#include "crawler/sandbox.h"
#include "shared/text.h"

enum { CPU_MAX_S = 3600 };
#define MEMORY_BYTES ((size_t)512 << 20)

static const char *const tool_paths[] = { "/usr/bin/pdftotext", "/usr/local/bin/pdftotext", "/bin/pdftotext" };

static const char *
find_tool(void)				/* NULL: it is not installed */
{
	for (size_t i = 0; i < sizeof tool_paths / sizeof tool_paths[0]; i++)
		if (access(tool_paths[i], X_OK) == 0)
			return tool_paths[i];
	return NULL;
}

static int
convert_pdf(const char *tool)
{
	(void)execl(tool, "pdftotext", "-q", "-htmlmeta", "-enc", "UTF-8", "-eol", "unix", "-", "-", (char *)NULL);
	fprintf(stderr, "%s: %s\n", tool, strerror(errno));
	return CONVERT_NO_TOOL;
}

static int
convert_docx(void)
{
	struct text html = { 0 };
	int rc = docx_html(&html, STDIN_FILENO);

	if (rc == 0 && fwrite(html.p, 1, html.len, stdout) != html.len)
		rc = -EPIPE;
	if (rc < 0)
		fprintf(stderr, "docx: %s\n", strerror(-rc));
	return rc == 0 ? 0 : rc == -EMSGSIZE ? CONVERT_TOO_LARGE : CONVERT_DAMAGED;
}

int
main(int argc, char **argv)
{
	bool pdf = argc == 3 && strcmp(argv[1], "pdf") == 0, docx = argc == 3 && strcmp(argv[1], "docx") == 0;
	struct sandbox_limits limits = { .memory_bytes = MEMORY_BYTES };
	const char *tool = NULL;
	int rc;

	if (pdf || docx)
		limits.cpu_s = (unsigned)strtoul(argv[2], NULL, 10);
	if (limits.cpu_s < 1 || limits.cpu_s > CPU_MAX_S) {
		fputs("usage: archon-convert pdf|docx SECONDS <document\n", stderr);
		return 64;
	}
	if (pdf && (tool = find_tool()) == NULL) {
		fputs("pdftotext is missing: install poppler-utils\n", stderr);
		return CONVERT_NO_TOOL;
	}
#ifdef __SANITIZE_ADDRESS__
	if (docx)
		limits.memory_bytes = 0;	/* its shadow alone is terabytes */
#endif
	if ((rc = sandbox_enter(&limits)) < 0) {
		fprintf(stderr, "no sandbox: %s\n", strerror(-rc));
		return CONVERT_NO_SANDBOX;
	}
	rc = pdf ? convert_pdf(tool) : convert_docx();
	if (fflush(stdout) != 0)
		rc = CONVERT_DAMAGED;
	_exit(rc);			/* the leak checker would need a thread */
}
