#include "config.h"

#include "ctl/snapshot.h"

#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"
#include "shared/progress_row.h"
#include "shared/text.h"

const char *
json_text_of(struct json_object *o, const char *key)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, key, &v) || !json_object_is_type(v, json_type_string))
		return "";
	return json_object_get_string(v);
}

int64_t
json_int_of(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) ? json_object_get_int64(v) : 0;
}

unsigned long
json_array_of(struct json_object *o, const char *key, struct json_object **out)
{
	*out = NULL;
	if (!json_object_object_get_ex(o, key, out) || !json_object_is_type(*out, json_type_array))
		return 0;
	return json_object_array_length(*out);
}

void
snapshot_read(struct snapshot *out, struct json_object *o)
{
	struct json_object *rate = NULL;
	enum crawl_phase phase;

	*out = (struct snapshot){
		.id = json_text_of(o, "progressId"),
		.status = json_text_of(o, "status"),
		.url = json_text_of(o, "url"),
		.current_url = json_text_of(o, "currentUrl"),
		.error = json_text_of(o, "error"),
		.log = json_text_of(o, "log"),
		.eta = json_text_of(o, "eta"),
		.duration = json_text_of(o, "duration"),
		.source_id = json_text_of(o, "sourceId"),
		.started = json_text_of(o, "startTime"),
		.seq = json_int_of(o, "seq"),
		.percentage = json_int_of(o, "percentage"),
		.total = json_int_of(o, "totalPages"),
		.processed = json_int_of(o, "processedPages"),
		.failed = json_int_of(o, "failedPages"),
		.skipped = json_int_of(o, "skippedPages"),
		.chunks = json_int_of(o, "chunksStored"),
		.words = json_int_of(o, "wordCount"),
		.code_examples = json_int_of(o, "codeExamples"),
		.bytes = json_int_of(o, "bytesFetched"),
	};
	if (json_object_object_get_ex(o, "pagesPerSecond", &rate))
		out->pages_per_second = json_object_get_double(rate);
	out->terminal = crawl_phase_parse(out->status, &phase) && crawl_phase_is_terminal(phase);
}

void
printable(char *out, unsigned long bytes, const char *s)
{
	size_t len = utf8_cut(s, strlen(s), bytes - 1), n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		/* C1 controls are C2 80..9F in UTF-8: a terminal may obey those too */
		if (c < ' ' || c == 0x7f || (c == 0xc2 && i + 1 < len && (unsigned char)s[i + 1] < 0xa0)) {
			out[n++] = ' ';
			i += c == 0xc2;
		} else {
			out[n++] = (char)c;
		}
	}
	out[n] = '\0';
}

void
people_bytes(char out[24], int64_t n)
{
	static const char *const unit[] = { "B", "kB", "MB", "GB", "TB" };
	double v = (double)n;
	unsigned i = 0;

	for (; v >= 1000 && i + 1 < sizeof unit / sizeof unit[0]; i++)
		v /= 1000;
	snprintf(out, 24, i == 0 ? "%.0f %s" : "%.1f %s", v, unit[i]);
}

int
json_print(struct json_object *o)
{
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
	return CTL_DONE;
}
