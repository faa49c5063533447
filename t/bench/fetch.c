#include "config.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"
#include "t/bench/rig.h"

/*
 * The floor of a crawl: bare libcurl fetches a list of addresses that is known
 * beforehand, keeps nothing and reads nothing.   fetch CONNECTIONS <LIST
 */

enum { URLS_MAX = 100000, URL_BYTES = 2048 };

static char **urls;
static unsigned n_urls, next_url, failed;
static unsigned long long bytes;

static size_t
count_bytes(char *p, size_t size, size_t n, void *arg)
{
	(void)p, (void)arg;
	bytes += size * n;
	return size * n;
}

static void
read_urls(void)
{
	char line[URL_BYTES];

	if ((urls = calloc(URLS_MAX, sizeof *urls)) == NULL)
		die("memory");
	while (n_urls < URLS_MAX && fgets(line, sizeof line, stdin) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] != '\0' && (urls[n_urls++] = strdup(line)) == NULL)
			die("memory");
	}
	if (n_urls == 0)
		die("no addresses on the standard input");
}

static bool
fetch_next(CURLM *multi, CURL *easy)	/* false: there is no next */
{
	if (next_url == n_urls)
		return false;
	(void)curl_easy_setopt(easy, CURLOPT_URL, urls[next_url++]);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, count_bytes);
	(void)curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
	if (curl_multi_add_handle(multi, easy) != CURLM_OK)
		die("curl_multi_add_handle");
	return true;
}

int
main(int argc, char **argv)
{
	long connections = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
	int64_t from_ns, cpu_ns;
	CURLM *multi;
	int running = 0;

	if (connections < 1 || connections > 1000)
		die("usage: fetch CONNECTIONS <LIST");
	read_urls();
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || (multi = curl_multi_init()) == NULL)
		die("libcurl does not start");
	(void)curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, connections);
	from_ns = clock_mono_ns();
	cpu_ns = process_cpu_ns(0);
	for (long i = 0; i < connections; i++) {
		CURL *easy = curl_easy_init();

		if (easy == NULL)
			die("memory");
		(void)fetch_next(multi, easy);
	}
	do {
		CURLMsg *m;
		int left;

		if (curl_multi_perform(multi, &running) != CURLM_OK)
			die("curl_multi_perform");
		while ((m = curl_multi_info_read(multi, &left)) != NULL) {
			CURL *easy = m->easy_handle;

			if (m->msg != CURLMSG_DONE)
				continue;
			failed += m->data.result != CURLE_OK;
			(void)curl_multi_remove_handle(multi, easy);
			running += fetch_next(multi, easy);
		}
		if (running > 0 && curl_multi_poll(multi, NULL, 0, 1000, NULL) != CURLM_OK)
			die("curl_multi_poll");
	} while (running > 0 || next_url < n_urls);
	printf("%.3f %.3f %u %u %llu\n", (double)(clock_mono_ns() - from_ns) / 1e9,
	    (double)(process_cpu_ns(0) - cpu_ns) / 1e6 / n_urls, n_urls, failed, bytes);
	return 0;
}
