#include "config.h"

#include "shared/fcgi_peek.h"

#include <errno.h>
#include <stdint.h>

#include "shared/cursor.h"

enum { HEADER_BYTES = 8, BEGIN_BYTES = 8, ROLE_RESPONDER = 1 };
enum { TYPE_BEGIN = 1, TYPE_PARAMS = 4, TYPE_STDIN = 5 };

struct pairs {			/* where we are among the name-value pairs, across records */
	uint8_t	 head[8];	/* the two lengths of a pair, as far as they came */
	unsigned have;
	size_t	 left;		/* bytes of name and value still to come */
};

static unsigned
length_bytes(uint8_t first)
{
	return (first & 0x80) != 0 ? 4 : 1;
}

static uint32_t
length_of(const uint8_t *p)
{
	if (length_bytes(p[0]) == 1)
		return p[0];
	return (uint32_t)(p[0] & 0x7f) << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool
pair_head_whole(const struct pairs *s)
{
	unsigned n;

	if (s->have == 0 || s->have <= (n = length_bytes(s->head[0])))
		return false;
	return s->have == n + length_bytes(s->head[n]);
}

/* The names and values of one record's content.  false: longer than any parameter may be. */
static bool
pairs_walk(struct pairs *s, const uint8_t *p, size_t len)
{
	while (len > 0) {
		if (s->left > 0) {
			size_t n = s->left < len ? s->left : len;

			s->left -= n;
			p += n;
			len -= n;
			continue;
		}
		s->head[s->have++] = *p++;
		len--;
		if (pair_head_whole(s)) {
			s->left = (size_t)length_of(s->head) + length_of(s->head + length_bytes(s->head[0]));
			s->have = 0;
			if (s->left > FCGI_PEEK_BYTES)
				return false;
		}
	}
	return true;
}

struct record {
	unsigned version, type, id;
	size_t	 content_bytes, padding_bytes;
};

static struct record
record_read(struct cursor *c)
{
	struct record r;

	r.version = (unsigned)cursor_be(c, 1);
	r.type = (unsigned)cursor_be(c, 1);
	r.id = (unsigned)cursor_be(c, 2);
	r.content_bytes = (size_t)cursor_be(c, 2);
	r.padding_bytes = (size_t)cursor_be(c, 1);
	(void)cursor_be(c, 1);		/* reserved */
	return r;
}

static bool
record_is_sound(const struct record *r, unsigned expect, unsigned id)
{
	return r->version == 1 && r->type == expect && r->id != 0 && (id == 0 || r->id == id) &&
	    (expect == TYPE_BEGIN ? r->content_bytes == BEGIN_BYTES && r->padding_bytes == 0 :
	    r->content_bytes > 0 || r->padding_bytes == 0);
}

int
fcgi_peek(const void *buf, size_t len, struct fcgi_shape *out)
{
	struct fcgi_shape shape = { 0 };
	struct cursor c = cursor_of(buf, len);
	struct pairs pairs = { 0 };
	unsigned expect = TYPE_BEGIN, id = 0;

	while (shape.request_bytes == 0 && cursor_left(&c) >= HEADER_BYTES) {
		struct record r = record_read(&c);
		const uint8_t *content;
		size_t here;

		if (!record_is_sound(&r, expect, id))
			return -EPROTO;
		here = r.content_bytes < cursor_left(&c) ? r.content_bytes : cursor_left(&c);
		content = cursor_take(&c, here);
		if (expect == TYPE_PARAMS && !pairs_walk(&pairs, content, here))
			return -EPROTO;
		if (here < r.content_bytes || cursor_take(&c, r.padding_bytes) == NULL)
			break;			/* the rest is still to come */
		if (expect == TYPE_BEGIN) {
			if (content[0] != 0 || content[1] != ROLE_RESPONDER)
				return -EPROTO;
			id = r.id;
			expect = TYPE_PARAMS;
		} else if (r.content_bytes == 0 && expect == TYPE_PARAMS) {
			if (pairs.have != 0 || pairs.left != 0)
				return -EPROTO;
			shape.params_whole = true;
			expect = TYPE_STDIN;
		} else if (r.content_bytes == 0) {
			shape.request_bytes = len - cursor_left(&c);
		}
	}
	/* Rubbish shorter than a header is told at its first byte. */
	if (expect == TYPE_BEGIN && len > 0 && *(const uint8_t *)buf != 1)
		return -EPROTO;
	*out = shape;
	return 0;
}
