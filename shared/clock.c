#include "config.h"

#include "shared/clock.h"

#include <string.h>
#include <time.h>

int64_t
clock_mono_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t
clock_wall_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
digits_put(char *at, unsigned n, unsigned v)
{
	while (n-- > 0) {
		at[n] = (char)('0' + v % 10);
		v /= 10;
	}
}

void
clock_iso(char out[CLOCK_ISO_BYTES], int64_t wall_ms)
{
	time_t s = (time_t)(wall_ms / 1000);
	unsigned ms = (unsigned)(wall_ms % 1000) % 1000u;
	struct tm tm;

	if (wall_ms < 0 || gmtime_r(&s, &tm) == NULL || tm.tm_year > 9999 - 1900) {
		s = 0;
		ms = 0;
		gmtime_r(&s, &tm);
	}
	memcpy(out, "0000-00-00T00:00:00.000Z", CLOCK_ISO_BYTES);	/* not by printf: each message has several */
	digits_put(out, 4, (unsigned)(tm.tm_year + 1900));
	digits_put(out + 5, 2, (unsigned)(tm.tm_mon + 1));
	digits_put(out + 8, 2, (unsigned)tm.tm_mday);
	digits_put(out + 11, 2, (unsigned)tm.tm_hour);
	digits_put(out + 14, 2, (unsigned)tm.tm_min);
	digits_put(out + 17, 2, (unsigned)tm.tm_sec);
	digits_put(out + 20, 3, ms);
}

static bool
digits(const char *s, unsigned n, int *out)
{
	*out = 0;
	for (unsigned i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		*out = *out * 10 + (s[i] - '0');
	}
	return true;
}

bool
clock_iso_parse(const char *s, size_t len, int64_t *wall_ms)
{
	static const char shape[] = "0000-00-00T00:00:00";
	enum { N = sizeof shape - 1 };
	struct tm tm = { 0 }, asked;
	int ms = 0;
	time_t t;

	if (len < N + 1 || s[len - 1] != 'Z')
		return false;
	for (unsigned i = 0; i < N; i++)
		if (shape[i] != '0' && s[i] != shape[i])
			return false;
	if (!digits(s, 4, &tm.tm_year) || !digits(s + 5, 2, &tm.tm_mon) || !digits(s + 8, 2, &tm.tm_mday)
	    || !digits(s + 11, 2, &tm.tm_hour) || !digits(s + 14, 2, &tm.tm_min) || !digits(s + 17, 2, &tm.tm_sec))
		return false;
	if (len > N + 1) {
		size_t n = len - N - 2;

		if (s[N] != '.' || n < 1 || n > 9)
			return false;
		for (size_t i = 0; i < n; i++)
			if (s[N + 1 + i] < '0' || s[N + 1 + i] > '9')
				return false;
			else if (i < 3)
				ms += (s[N + 1 + i] - '0') * (i == 0 ? 100 : i == 1 ? 10 : 1);
	}
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	asked = tm;
	t = timegm(&tm);		/* moves 31 February to March: then it was no date */
	if (t < 0 || tm.tm_year != asked.tm_year || tm.tm_mon != asked.tm_mon || tm.tm_mday != asked.tm_mday
	    || tm.tm_hour != asked.tm_hour || tm.tm_min != asked.tm_min || tm.tm_sec != asked.tm_sec)
		return false;
	*wall_ms = (int64_t)t * 1000 + ms;
	return true;
}
