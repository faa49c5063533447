#include "config.h"

#include "crawler/docx_style.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *
local(const XML_Char *name)		/* "namespace local" */
{
	const char *space = strrchr(name, ' ');

	return space != NULL ? space + 1 : name;
}

const char *
docx_word(const XML_Char *name)
{
	return strstr(name, "wordprocessingml") != NULL ? local(name) : "";
}

const char *
docx_val(const XML_Char **attr, const char *which)
{
	for (; attr[0] != NULL; attr += 2)
		if (strcmp(local(attr[0]), which) == 0)
			return attr[1];
	return "";
}

int
docx_level(const XML_Char **attr)
{
	const char *val = docx_val(attr, "val");

	return val[0] >= '0' && val[0] < '0' + DOCX_LEVELS && val[1] == '\0' ? val[0] - '0' : -1;
}

static int
look_of_name(const char *name)
{
	if (strncasecmp(name, "heading ", 8) == 0 && name[8] >= '1' && name[8] <= '9')
		return DOCX_HEADING + (name[8] - '1' < DOCX_LEVELS ? name[8] - '1' : DOCX_LEVELS - 1);
	if (strcasecmp(name, "title") == 0)
		return DOCX_TITLE;
	if (strcasestr(name, "code") != NULL || strcasestr(name, "preformatted") != NULL || strcasestr(name, "listing") != NULL)
		return DOCX_CODE;
	return DOCX_PLAIN;
}

void XMLCALL
docx_style_start(void *arg, const XML_Char *name, const XML_Char **attr)
{
	struct docx_styles *s = arg;
	const char *word = docx_word(name);

	if (strcmp(word, "style") == 0) {
		s->now = (struct docx_style){ .look = DOCX_PLAIN };
		s->inside = strcmp(docx_val(attr, "type"), "paragraph") == 0;
		(void)snprintf(s->now.id, sizeof s->now.id, "%s", docx_val(attr, "styleId"));	/* cut: two so long are one */
	} else if (s->inside && strcmp(word, "name") == 0) {
		s->now.look = look_of_name(docx_val(attr, "val"));
	} else if (s->inside && strcmp(word, "outlineLvl") == 0 && s->now.look == DOCX_PLAIN) {
		int level = docx_level(attr);

		if (level >= 0)
			s->now.look = DOCX_HEADING + level;
	}
}

void XMLCALL
docx_style_end(void *arg, const XML_Char *name)
{
	struct docx_styles *s = arg;

	if (strcmp(docx_word(name), "style") != 0 || !s->inside)
		return;
	s->inside = false;
	if (s->now.look == DOCX_PLAIN || s->n == DOCX_STYLES_MAX)
		return;
	if (s->style == NULL && (s->style = malloc(DOCX_STYLES_MAX * sizeof *s->style)) == NULL) {
		s->failed = true;
		return;
	}
	s->style[s->n++] = s->now;
}

int
docx_look(const struct docx_styles *s, const char *id)
{
	for (unsigned i = 0; i < s->n; i++)
		if (strncmp(s->style[i].id, id, DOCX_ID_BYTES - 1) == 0)
			return s->style[i].look;
	return DOCX_PLAIN;
}

void
docx_styles_fini(struct docx_styles *s)
{
	free(s->style);
	*s = (struct docx_styles){ .n = 0 };
}
