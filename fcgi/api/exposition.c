#include "config.h"

#include "api/exposition.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void
expo_family(struct expo *x, const char *name, const char *type, const char *help)
{
	x->family = name;
	x->label[0].name = NULL;
	text_printf(x->to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void
expo_label(struct expo *x, const char *name, const char *value)
{
	unsigned i = 0;

	while (i < EXPO_LABELS_MAX && x->label[i].name != NULL && strcmp(x->label[i].name, name) != 0)
		i++;
	assert(i < EXPO_LABELS_MAX - 1);
	if (x->label[i].name == NULL)
		x->label[i + 1].name = NULL;
	x->label[i] = (struct expo_label){ name, value };
}

static void
value_put(struct text *to, const char *s)
{
	size_t len = strlen(s);

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\\' || s[i] == '"')
			text_putc(to, '\\');
		if (s[i] == '\n')
			text_puts(to, "\\n");
		else
			text_putc(to, s[i]);
	}
}

/* Name and labels; le: one label more, or NULL. */
static void
sample_open(struct expo *x, const char *suffix, const char *le)
{
	char between = '{';

	text_printf(x->to, "%s%s", x->family, suffix);
	for (unsigned i = 0; x->label[i].name != NULL; i++, between = ',') {
		text_printf(x->to, "%c%s=\"", between, x->label[i].name);
		value_put(x->to, x->label[i].value);
		text_putc(x->to, '"');
	}
	if (le != NULL) {
		text_printf(x->to, "%cle=\"%s\"", between, le);
		between = ',';
	}
	text_puts(x->to, between == ',' ? "} " : " ");
}

void
expo_int(struct expo *x, uint64_t v)
{
	sample_open(x, "", NULL);
	text_printf(x->to, "%" PRIu64 "\n", v);
}

void
expo_double(struct expo *x, double v)
{
	sample_open(x, "", NULL);
	text_printf(x->to, "%.15g\n", v);
}

void
expo_histogram(struct expo *x, const uint64_t *bounds_us, const uint64_t *bucket, unsigned n, uint64_t sum_us)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < n; i++) {
		char le[32] = "+Inf";

		if (i < n - 1)
			(void)snprintf(le, sizeof le, "%.9g", (double)bounds_us[i] / 1e6);
		count += bucket[i];
		sample_open(x, "_bucket", le);
		text_printf(x->to, "%" PRIu64 "\n", count);
	}
	sample_open(x, "_sum", NULL);
	text_printf(x->to, "%.15g\n", (double)sum_us / 1e6);
	sample_open(x, "_count", NULL);
	text_printf(x->to, "%" PRIu64 "\n", count);
}
