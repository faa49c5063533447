/* watch --raw: what comes over the WebSocket, message by message, as it is. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "shared/text.h"

#include "ctl/ctl.h"
#include "ctl/http.h"
#include "ctl/ws_client.h"

enum { OPEN_MS = 10000, WAIT_MS = 60000 };

int
watch_raw(const struct ctl *ctl)
{
	const char *word = ctl->opt.word;
	struct text path = { 0 };
	struct ws_client *ws = NULL;
	struct slice message;
	struct err e = { "out of memory" };
	int rc;

	if (word[0] == '/') {			/* another stream's path */
		text_puts(&path, word);
	} else {
		text_puts(&path, "/api/crawl-progress/");
		http_escape(&path, word);
	}
	rc = text_str(&path) != NULL ? ws_client_open(&ws, ctl, text_str(&path), OPEN_MS, &e) : -1;
	text_fini(&path);
	if (rc < 0) {
		fprintf(stderr, "archonctl: %s\n", e.text);
		return CTL_UNREACHABLE;
	}
	while ((rc = ws_client_next(ws, WAIT_MS, &message)) >= 0)
		if (rc == 1) {
			(void)fwrite(message.p, 1, message.len, stdout);
			if (putchar('\n') == EOF || fflush(stdout) != 0)
				break;
		}
	ws_client_close(ws);
	fputs(rc < 0 ? "archonctl: the connection was closed\n" : "", stderr);
	return CTL_DONE;
}
