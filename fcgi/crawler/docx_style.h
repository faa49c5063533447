/*
 * docx_style - the paragraph styles of a document: their names are the same in
 * every language, their ids are not.  Between docx.c and docx_style.c.
 */
#ifndef DOCX_STYLE_H
#define DOCX_STYLE_H

#include <expat.h>
#include <stdbool.h>

enum { DOCX_STYLES_MAX = 2048, DOCX_ID_BYTES = 64, DOCX_LEVELS = 6 };

enum docx_look { DOCX_PLAIN, DOCX_TITLE, DOCX_CODE, DOCX_HEADING };	/* DOCX_HEADING + 0 is level 1 ... */

struct docx_style {
	char id[DOCX_ID_BYTES];
	int  look;
};

struct docx_styles {
	struct docx_style *style;	/* owned */
	unsigned n;
	struct docx_style now;		/* the one being read */
	bool	 inside, failed;
	bool	 refused;		/* it has a document type */
};

/* expat's handlers for word/styles.xml; user data is the struct docx_styles. */
void XMLCALL docx_style_start(void *arg, const XML_Char *name, const XML_Char **attr);
void XMLCALL docx_style_end(void *arg, const XML_Char *name);

int docx_look(const struct docx_styles *s, const char *id);	/* DOCX_PLAIN when there is none */
void docx_styles_fini(struct docx_styles *s);

/* The local part of a name in a namespace of word processing, "" of any other. */
const char *docx_word(const XML_Char *name);
const char *docx_val(const XML_Char **attr, const char *which);	/* an attribute by its local name, "" when absent */
int docx_level(const XML_Char **attr);	/* of an outlineLvl: from 0; -1: none that HTML has */

#endif
