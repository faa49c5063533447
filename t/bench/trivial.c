/* trivial SOCKET: the floor of what any FastCGI reply costs: libfcgi's own loop, one fixed body. */
#include "config.h"

#include <fcgiapp.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>

#include "shared/daemon.h"

static int listen_fd;

static void *
serve(void *arg)
{
	FCGX_Request rq;

	(void)arg;
	if (FCGX_InitRequest(&rq, listen_fd, 0) != 0)
		return NULL;
	while (FCGX_Accept_r(&rq) >= 0) {
		(void)FCGX_FPrintF(rq.out, "Content-Type: application/json\r\n\r\n{\"ok\":true}");
		FCGX_Finish_r(&rq);
	}
	return NULL;
}

int
main(int argc, char **argv)
{
	enum { THREADS = 8 };		/* a kept connection owns one: as many as t/bench/http keeps */
	pthread_t thread[THREADS];
	struct err e = { "usage: trivial SOCKET" };

	if (argc != 2 || FCGX_Init() != 0 || (listen_fd = daemon_listen(argv[1], &e)) < 0) {
		(void)fprintf(stderr, "%s\n", e.text);
		return 1;
	}
	(void)fcntl(listen_fd, F_SETFL, 0);	/* libfcgi takes EAGAIN for the end */
	for (unsigned i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, serve, NULL) != 0)
			return 1;
	for (unsigned i = 0; i < THREADS; i++)
		(void)pthread_join(thread[i], NULL);
	return 0;
}
