#include "config.h"

#include "crawler/docx.h"

#include <errno.h>
#include <expat.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crawler/docx_style.h"
#include "crawler/zip_part.h"

enum {
	PART_MAX_BYTES = 128 << 20,	/* of XML: a thousand pages have some ten megabytes, a bomb has any */
	DEPTH_MAX = 256,		/* of elements: Word makes some twenty */
	TITLE_MAX = 1000,
};

enum block { BLOCK_NONE, BLOCK_LIST, BLOCK_CODE };	/* what is open in the HTML */

struct docx {
	XML_Parser xml;
	unsigned   depth;
	bool	   bad;			/* a document type, or too deep */
	struct docx_styles styles;
	struct text body, title, para;	/* HTML; para: of the paragraph that is being read */
	bool	   in_title;		/* dc:title is open */
	bool	   in_text;
	unsigned   fallback;		/* depth of the mc:Fallback that is passed over, 0: none */
	int	   look, level;		/* of the paragraph: by its style, by itself (-1 not) */
	bool	   listed, in_props;
	enum block open;
};

/* -- writing --------------------------------------------------------------------- */

static void
open_block(struct docx *d, enum block b)
{
	static const char *const opening[] = { "", "<ul>\n", "<pre>" }, *const closing[] = { "", "</ul>\n", "</pre>\n" };

	if (d->open == b)
		return;
	text_puts(&d->body, closing[d->open]);
	text_puts(&d->body, opening[b]);
	d->open = b;
}

static void
end_paragraph(struct docx *d)
{
	int look = d->level >= 0 ? DOCX_HEADING + d->level : d->look;

	if (d->para.len == 0) {
		if (d->open == BLOCK_CODE)
			text_putc(&d->body, '\n');	/* an empty line of it */
		return;
	}
	open_block(d, look == DOCX_CODE ? BLOCK_CODE : d->listed && look == DOCX_PLAIN ? BLOCK_LIST : BLOCK_NONE);
	if (look == DOCX_TITLE && d->title.len == 0)
		text_put(&d->title, d->para.p, d->para.len);
	if (look >= DOCX_HEADING)
		text_printf(&d->body, "<h%d>", look - DOCX_HEADING + 1);
	else
		text_puts(&d->body, look == DOCX_TITLE ? "<h1>" : d->open == BLOCK_LIST ? "<li>" : d->open == BLOCK_CODE ? "" : "<p>");
	text_put(&d->body, d->para.p, d->para.len);
	if (look >= DOCX_HEADING)
		text_printf(&d->body, "</h%d>\n", look - DOCX_HEADING + 1);
	else
		text_puts(&d->body, look == DOCX_TITLE ? "</h1>\n" : d->open == BLOCK_LIST ? "</li>\n" : d->open == BLOCK_CODE ? "\n" : "</p>\n");
	text_clear(&d->para);
}

/* -- reading word/document.xml ------------------------------------------------------ */

static void
refuse(struct docx *d)
{
	d->bad = true;
	(void)XML_StopParser(d->xml, XML_FALSE);
}

static void
start_word(struct docx *d, const char *word, const XML_Char **attr)
{
	if (strcmp(word, "p") == 0) {
		if (d->para.len > 0)	/* one within another: a text box */
			end_paragraph(d);
		d->look = DOCX_PLAIN;
		d->level = -1;
		d->listed = false;
	} else if (strcmp(word, "pPr") == 0) {
		d->in_props = true;
	} else if (strcmp(word, "pStyle") == 0) {
		d->look = docx_look(&d->styles, docx_val(attr, "val"));
	} else if (strcmp(word, "outlineLvl") == 0 && d->in_props) {
		d->level = docx_level(attr);
	} else if (strcmp(word, "numPr") == 0) {
		d->listed = true;
	} else if (strcmp(word, "t") == 0) {
		d->in_text = true;
	} else if (strcmp(word, "tab") == 0 && !d->in_props) {
		text_putc(&d->para, d->look == DOCX_CODE ? '\t' : ' ');
	} else if (strcmp(word, "br") == 0 || strcmp(word, "cr") == 0) {
		text_puts(&d->para, d->look == DOCX_CODE ? "\n" : "<br>");
	} else if (strcmp(word, "noBreakHyphen") == 0) {
		text_putc(&d->para, '-');
	} else if (strcmp(word, "tbl") == 0) {
		open_block(d, BLOCK_NONE);
		text_puts(&d->body, "<table>\n");
	} else if (strcmp(word, "tr") == 0) {
		text_puts(&d->body, "<tr>");
	} else if (strcmp(word, "tc") == 0) {
		text_puts(&d->body, "<td>");
	}
}

static void
end_word(struct docx *d, const char *word)
{
	if (strcmp(word, "p") == 0) {
		end_paragraph(d);
	} else if (strcmp(word, "pPr") == 0) {
		d->in_props = false;
	} else if (strcmp(word, "t") == 0) {
		d->in_text = false;
	} else if (strcmp(word, "tc") == 0 || strcmp(word, "tr") == 0 || strcmp(word, "tbl") == 0) {
		open_block(d, BLOCK_NONE);
		text_puts(&d->body, word[1] == 'c' ? "</td>" : word[1] == 'r' ? "</tr>\n" : "</table>\n");
	}
}

static bool
is_fallback(const XML_Char *name)	/* the same once more, for old readers */
{
	return strstr(name, "markup-compatibility") != NULL && strstr(name, " Fallback") != NULL;
}

static void XMLCALL
on_start(void *arg, const XML_Char *name, const XML_Char **attr)
{
	struct docx *d = arg;

	if (++d->depth > DEPTH_MAX)
		refuse(d);
	else if (d->fallback == 0 && is_fallback(name))
		d->fallback = d->depth;
	else if (d->fallback == 0)
		start_word(d, docx_word(name), attr);
}

static void XMLCALL
on_end(void *arg, const XML_Char *name)
{
	struct docx *d = arg;

	if (d->fallback == 0)
		end_word(d, docx_word(name));
	else if (d->fallback == d->depth)
		d->fallback = 0;
	d->depth--;
}

static void XMLCALL
on_text(void *arg, const XML_Char *s, int len)
{
	struct docx *d = arg;

	if (d->in_text && d->fallback == 0)
		text_html(&d->para, s, (size_t)len);
}

/* -- reading the others --------------------------------------------------------------- */

static bool
is_title(const XML_Char *name)
{
	return strcmp(name, "http://purl.org/dc/elements/1.1/ title") == 0;
}

static void XMLCALL
on_core_start(void *arg, const XML_Char *name, const XML_Char **attr)
{
	struct docx *d = arg;

	(void)attr;
	d->in_title = is_title(name);
}

static void XMLCALL
on_core_end(void *arg, const XML_Char *name)
{
	(void)name;
	((struct docx *)arg)->in_title = false;
}

static void XMLCALL
on_core_text(void *arg, const XML_Char *s, int len)
{
	struct docx *d = arg;

	if (d->in_title && d->title.len < TITLE_MAX)
		text_html(&d->title, s, (size_t)len);
}

static void XMLCALL
on_doctype(void *arg, const XML_Char *name, const XML_Char *system, const XML_Char *public, int internal)
{
	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	refuse(arg);			/* the standard forbids it, and entities come by it */
}

static void XMLCALL
on_style_doctype(void *arg, const XML_Char *name, const XML_Char *system, const XML_Char *public, int internal)
{
	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	((struct docx_styles *)arg)->refused = true;
}

/* -- parts ------------------------------------------------------------------------------ */

struct part {
	XML_StartElementHandler start;
	XML_EndElementHandler end;
	XML_CharacterDataHandler text;
	XML_StartDoctypeDeclHandler doctype;
	void *arg;
};

static int
on_piece(void *arg, const char *p, size_t len)
{
	struct docx *d = arg;

	return XML_Parse(d->xml, p, (int)len, 0) == XML_STATUS_OK && !d->bad && !d->styles.refused ? 0 : -EBADMSG;
}

static int
read_part(struct docx *d, const void *zip, size_t len, const char *name, const struct part *part)
{
	int rc;

	if ((d->xml = XML_ParserCreateNS(NULL, ' ')) == NULL)
		return -ENOMEM;
	XML_SetUserData(d->xml, part->arg);
	XML_SetElementHandler(d->xml, part->start, part->end);
	XML_SetCharacterDataHandler(d->xml, part->text);
	XML_SetStartDoctypeDeclHandler(d->xml, part->doctype);
	d->depth = 0;
	rc = zip_part(zip, len, name, PART_MAX_BYTES, on_piece, d);
	if (rc == 0 && XML_Parse(d->xml, "", 0, 1) != XML_STATUS_OK)
		rc = -EBADMSG;
	XML_ParserFree(d->xml);
	d->xml = NULL;
	return rc;
}

static int
read_document(struct docx *d, const void *zip, size_t len)
{
	static const struct {
		const char *name;
		bool	    needed;
	} parts[] = { { "word/styles.xml", false }, { "docProps/core.xml", false }, { "word/document.xml", true } };
	const struct part how[] = {
		{ docx_style_start, docx_style_end, NULL, on_style_doctype, &d->styles },
		{ on_core_start, on_core_end, on_core_text, on_doctype, d },
		{ on_start, on_end, on_text, on_doctype, d },
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof parts / sizeof parts[0]; i++)
		if ((rc = read_part(d, zip, len, parts[i].name, &how[i])) == -ENOENT)
			rc = parts[i].needed ? -EBADMSG : 0;
	open_block(d, BLOCK_NONE);
	return rc;
}

int
docx_html(struct text *out, int fd)
{
	struct docx d = { .level = -1 };
	struct stat st;
	void *zip;
	int rc;

	if (fstat(fd, &st) != 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size == 0)
		return -EBADMSG;
	if ((zip = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0)) == MAP_FAILED)
		return -errno;
	rc = read_document(&d, zip, (size_t)st.st_size);
	if (rc == 0 && (d.body.failed || d.title.failed || d.para.failed || d.styles.failed))
		rc = -ENOMEM;
	if (rc == 0) {
		text_puts(out, "<!doctype html><html><head><title>");
		text_put(out, d.title.p, d.title.len);
		text_puts(out, "</title></head><body><main>\n");
		text_put(out, d.body.p, d.body.len);
		text_puts(out, "</main></body></html>\n");
		rc = out->failed ? -ENOMEM : 0;
	}
	text_fini(&d.body);
	text_fini(&d.title);
	text_fini(&d.para);
	docx_styles_fini(&d.styles);
	(void)munmap(zip, (size_t)st.st_size);
	return rc;
}
