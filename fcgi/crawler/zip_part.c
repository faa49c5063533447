/* After PKWARE's APPNOTE 6.3; little-endian throughout. */
#include "config.h"

#include "crawler/zip_part.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

enum {
	END_BYTES = 22, ENTRY_BYTES = 46, LOCAL_BYTES = 30,	/* of the three records, without what varies */
	COMMENT_MAX = 65535,
	STORED = 0, DEFLATED = 8,
	ENCRYPTED = 1,			/* bit of the flags */
	PIECE_BYTES = 32768,
};

static uint32_t
le(const uint8_t *p, unsigned n)
{
	uint32_t v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

/* The end record: the last one there is, for the archive's comment may hold another. */
static const uint8_t *
find_end(const uint8_t *zip, size_t len)
{
	for (size_t back = END_BYTES; back <= len && back <= END_BYTES + COMMENT_MAX; back++)
		if (memcmp(zip + len - back, "PK\5\6", 4) == 0)
			return zip + len - back;
	return NULL;
}

/* The directory's entry of name, NULL when there is none or the directory is damaged. */
static const uint8_t *
find_entry(const uint8_t *zip, size_t len, const char *name)
{
	const uint8_t *end = find_end(zip, len);
	size_t at = end != NULL ? le(end + 16, 4) : len, name_len = strlen(name);

	for (unsigned left = end != NULL ? le(end + 10, 2) : 0; left > 0; left--) {
		size_t n;

		if (at > len || len - at < ENTRY_BYTES || memcmp(zip + at, "PK\1\2", 4) != 0)
			return NULL;
		n = le(zip + at + 28, 2);
		if (n > len - at - ENTRY_BYTES)
			return NULL;
		if (n == name_len && memcmp(zip + at + ENTRY_BYTES, name, n) == 0)
			return zip + at;
		at += ENTRY_BYTES + n + le(zip + at + 30, 2) + le(zip + at + 32, 2);
	}
	return NULL;
}

static int
unpack(const uint8_t *from, size_t len, size_t max_bytes, zip_piece_f *f, void *arg)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)from, .avail_in = (uInt)len };
	uint8_t piece[PIECE_BYTES];
	size_t total = 0;
	int zrc = Z_OK, rc = 0;

	if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
		return -ENOMEM;
	while (rc == 0 && zrc != Z_STREAM_END) {
		size_t n;

		z.next_out = piece;
		z.avail_out = sizeof piece;
		zrc = inflate(&z, Z_NO_FLUSH);
		n = sizeof piece - z.avail_out;
		if (zrc != Z_OK && zrc != Z_STREAM_END)
			rc = zrc == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;	/* also what is cut: no progress */
		else if (n > max_bytes - total)
			rc = -EMSGSIZE;
		else if (n > 0)
			rc = f(arg, (const char *)piece, n);
		total += n;
	}
	(void)inflateEnd(&z);
	return rc;
}

int
zip_part(const void *archive, size_t len, const char *name, size_t max_bytes, zip_piece_f *f, void *arg)
{
	const uint8_t *zip = archive, *entry;
	size_t at, packed;
	unsigned method;

	if (len < END_BYTES || len > UINT32_MAX || find_end(zip, len) == NULL)
		return -EBADMSG;
	if ((entry = find_entry(zip, len, name)) == NULL)
		return -ENOENT;
	method = le(entry + 10, 2);
	packed = le(entry + 20, 4);
	at = le(entry + 42, 4);
	if ((le(entry + 8, 2) & ENCRYPTED) != 0 || at > len || len - at < LOCAL_BYTES || memcmp(zip + at, "PK\3\4", 4) != 0)
		return -EBADMSG;
	at += LOCAL_BYTES + le(zip + at + 26, 2) + le(zip + at + 28, 2);
	if (at > len || packed > len - at)
		return -EBADMSG;
	if (method == DEFLATED)
		return unpack(zip + at, packed, max_bytes, f, arg);
	if (method != STORED)
		return -EBADMSG;
	return packed > max_bytes ? -EMSGSIZE : packed > 0 ? f(arg, (const char *)zip + at, packed) : 0;
}
