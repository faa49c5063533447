#include "config.h"

#include "crawler/convert.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/log.h"
#include "shared/upload.h"

#include "crawler/convert_child.h"
#include "crawler/crawl.h"
#include "crawler/digest.h"
#include "crawler/pdf_text.h"
#include "crawler/rst.h"

void
converter_init(struct converter *cv, const struct conf *conf)
{
	cv->conf = conf;
	atomic_init(&cv->stopping, false);
}

__attribute__((format(printf, 3, 4)))
static void
fail(struct parcel *p, const char *code, const char *fmt, ...)
{
	va_list ap;

	p->fate = FATE_FAIL;
	p->failure = OUTCOME_INTERNAL;
	FIELD_SET(p->code, code);
	va_start(ap, fmt);
	(void)vsnprintf(p->reason, sizeof p->reason, fmt, ap);	/* cut: a sentence */
	va_end(ap);
}

/* -- what it is as bytes ------------------------------------------------------- */

static int
slurp(int fd, struct text *out, size_t max_bytes)
{
	char piece[65536];
	ssize_t n;

	while ((n = read(fd, piece, sizeof piece)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if ((size_t)n > max_bytes - out->len)
			return -EMSGSIZE;
		text_put(out, piece, (size_t)n);
	}
	return out->failed ? -ENOMEM : 0;
}

/* A child's verdict as a sentence. */
static void
child_failed(struct parcel *p, int rc, const char *type, const struct converter *cv)
{
	switch (rc) {
	case -ECANCELED:
		fail(p, "cancelled", "It was not read to its end.");
		break;
	case -ETIMEDOUT:
		fail(p, "convert_timeout", "Reading the document took longer than %lld s (convert_timeout in archon.conf).",
		    (long long)(cv->conf->convert_ms / 1000));
		break;
	case -EMSGSIZE:
		fail(p, "document_too_large", "The document holds more text than is taken (max_page_size, max_upload in archon.conf).");
		break;
	case -ENOPKG:
		fail(p, "converter_missing", "pdftotext is not installed on the server: install the Debian package poppler-utils, "
		    "then retry this upload.");
		break;
	case -EBADMSG:
		fail(p, "document_damaged", "The document cannot be read as %s: it is damaged, encrypted or something else.", type);
		break;
	default:
		fail(p, "convert_failed", "The document could not be read as %s; the crawler's log has the reason.", type);
	}
}

static void
swap_body(struct parcel *p, struct text *with)
{
	text_fini(&p->body);
	p->body = *with;
	*with = (struct text){ 0 };
}

/* To p->body and p->body_kind.  false: p says why not. */
static bool
read_as(struct converter *cv, struct parcel *p, enum upload_type type, int fd)
{
	const struct conf *conf = cv->conf;
	size_t max = (size_t)(conf->page_max_bytes > conf->upload_max_bytes ? conf->page_max_bytes : conf->upload_max_bytes);
	struct convert_child child = {
		.type = upload_type_word(type), .fd = fd, .time_ms = conf->convert_ms, .max_bytes = max,
		.cancelled = &p->crawl->cancelled, .stopping = &cv->stopping,
	};
	struct text html = { 0 };
	int rc;

	p->body_kind = type == UPLOAD_MARKDOWN ? KIND_MARKDOWN : type == UPLOAD_TEXT ? KIND_PLAIN : KIND_PAGE;
	rc = type == UPLOAD_PDF || type == UPLOAD_DOCX ? convert_child_run(&child, &p->body) : slurp(fd, &p->body, max);
	if (rc < 0) {
		child_failed(p, rc, child.type, cv);
		return false;
	}
	if (type == UPLOAD_RST)
		rst_html(&html, p->body.p, p->body.len);
	else if (type == UPLOAD_PDF)
		pdf_text_html(&html, p->body.p, p->body.len);
	if (html.len > 0)
		swap_body(p, &html);
	if (html.failed || p->body.failed)
		fail(p, "out_of_memory", "The crawler ran out of memory.");
	text_fini(&html);
	return p->fate != FATE_FAIL;
}

/* -- all of it ----------------------------------------------------------------- */

void
convert(struct converter *cv, struct parcel *p)
{
	char name[UPLOAD_NAME_BYTES], source_id[ID_SOURCE_BYTES];
	struct stat st;
	int fd, type;

	upload_url_name(p->url.text, name);
	upload_url_source(p->url.text, source_id);
	p->fetched_wall_ms = clock_wall_ms();
	if ((type = upload_type(name)) < 0) {
		fail(p, "unsupported_type", "Documents of this type are not read.  Supported: " UPLOAD_TYPES);
		return;
	}
	if ((fd = upload_open(cv->conf->state_dir, source_id)) < 0) {
		fail(p, "document_gone", "The document is not there any more: upload it again.");
		log_event(LOG_WARNING, "upload cannot be opened source=%s why=\"%s\"", source_id, strerror(-fd));
		return;
	}
	if (fstat(fd, &st) == 0)
		p->n_bytes = (uint64_t)st.st_size;
	if (read_as(cv, p, (enum upload_type)type, fd)) {
		if (p->body.p == NULL)
			text_puts(&p->body, "");
		digest_as(p, type == UPLOAD_PDF || type == UPLOAD_DOCX || type == UPLOAD_RST ? "utf-8" : "");
		if (p->fate == FATE_STORE && p->chunks.n_chunks == 0)
			fail(p, "no_text", "The document holds no text%s.",
			    type == UPLOAD_PDF ? "; if its pages are pictures, put it through text recognition (OCR) first" : "");
	}
	(void)close(fd);		/* read only */
}
