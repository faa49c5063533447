/*
 * fail_malloc - a malloc() in front of the real one that fails when it is told.
 * Included by one file of a program.  Not there under sanitizers whose own
 * malloc() is linked in statically: FAIL_MALLOC is then 0.
 */
#ifndef FAIL_MALLOC_H
#define FAIL_MALLOC_H

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#if defined __SANITIZE_THREAD__
#define FAIL_MALLOC 0
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define FAIL_MALLOC 0
#endif
#endif
#ifndef FAIL_MALLOC
#define FAIL_MALLOC 1
#endif

static unsigned long fail_left;		/* 0: not armed; n: the n-th call from now fails */
static bool	     fail_met;		/* it did */

#if FAIL_MALLOC
void *malloc(size_t n);
void *calloc(size_t n, size_t size);
void *realloc(void *p, size_t n);
char *strdup(const char *s);

static bool
fail_now(void)
{
	if (fail_left == 0 || --fail_left > 0)
		return false;
	fail_met = true;
	errno = ENOMEM;
	return true;
}

static void *
fail_next(const char *name)		/* of the real functions, by name */
{
	return dlsym(RTLD_NEXT, name);
}

static void *
real_malloc(size_t n)
{
	static void *(*next)(size_t);

	if (next == NULL) {
		void *p = fail_next("malloc");

		(void)memcpy(&next, &p, sizeof next);
	}
	return next(n);
}

void *
malloc(size_t n)
{
	return fail_now() ? NULL : real_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	static _Alignas(16) char early[4096];	/* dlsym() may ask while it is asked */
	static void *(*next)(size_t, size_t);
	static size_t used;
	static bool asking;

	if (next == NULL) {
		void *p;

		if (asking) {
			p = early + used;
			used += (n * size + 15) / 16 * 16;
			return used <= sizeof early ? p : NULL;
		}
		asking = true;
		p = fail_next("calloc");
		(void)memcpy(&next, &p, sizeof next);
		asking = false;
	}
	return fail_now() ? NULL : next(n, size);
}

void *
realloc(void *old, size_t n)
{
	static void *(*next)(void *, size_t);

	if (next == NULL) {
		void *p = fail_next("realloc");

		(void)memcpy(&next, &p, sizeof next);
	}
	return fail_now() ? NULL : next(old, n);
}

/*
 * Does not fail: json-c before 0.17 uses what it gets from strdup() for a member's name
 * without a look, and crashes.  Nobody who calls it can mend that.  (Sanitizers bring
 * a strdup() that does not come to the malloc() above: there it never failed.)
 */
char *
strdup(const char *s)
{
	size_t bytes = strlen(s) + 1;
	void *p = real_malloc(bytes);

	return p != NULL ? memcpy(p, s, bytes) : NULL;
}
#endif

#endif
