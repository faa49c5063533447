#include "config.h"

#include "relay/wire.h"

#include "relay/deflate.h"
#include "shared/text.h"

static struct frame *
event_frame(const char *id, const void *json, size_t len)
{
	struct text t = { 0 };
	struct frame *f;

	if (id != NULL)
		text_printf(&t, "id: %s\n", id);
	text_puts(&t, "data: ");
	text_put(&t, json, len);
	text_puts(&t, "\n\n");
	f = t.failed ? NULL : frame_raw(t.p, t.len);
	text_fini(&t);
	return f;
}

struct frame *
wire_frame(enum wire w, const char *id, const void *json, size_t len)
{
	if (w == WIRE_SSE)
		return event_frame(id, json, len);
	return w == WIRE_DEFLATE ? deflate_frame(json, len) : frame_ws(WS_TEXT, json, len);
}
