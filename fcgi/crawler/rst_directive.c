#include "config.h"

#include "crawler/rst.h"

static const struct {
	const char *name;
	enum rst_directive is;
} known[] = {
	{ "code", RST_CODE }, { "code-block", RST_CODE }, { "sourcecode", RST_CODE }, { "prompt", RST_CODE },
	{ "math", RST_LITERAL }, { "parsed-literal", RST_LITERAL }, { "productionlist", RST_LITERAL },
	{ "doctest", RST_LITERAL }, { "testcode", RST_LITERAL }, { "csv-table", RST_LITERAL },
	{ "note", RST_ADMONITION }, { "warning", RST_ADMONITION }, { "tip", RST_ADMONITION }, { "hint", RST_ADMONITION },
	{ "important", RST_ADMONITION }, { "caution", RST_ADMONITION }, { "danger", RST_ADMONITION },
	{ "attention", RST_ADMONITION }, { "error", RST_ADMONITION }, { "seealso", RST_ADMONITION },
	{ "versionadded", RST_ADMONITION }, { "versionchanged", RST_ADMONITION }, { "deprecated", RST_ADMONITION },
	{ "todo", RST_DROP },
	{ "table", RST_CONTENT }, { "list-table", RST_CONTENT }, { "only", RST_CONTENT }, { "container", RST_CONTENT },
	{ "figure", RST_CONTENT }, { "epigraph", RST_CONTENT }, { "compound", RST_CONTENT }, { "hlist", RST_CONTENT },
	{ "toctree", RST_DROP }, { "contents", RST_DROP }, { "index", RST_DROP }, { "meta", RST_DROP }, { "raw", RST_DROP },
	{ "include", RST_DROP }, { "literalinclude", RST_DROP }, { "image", RST_DROP }, { "highlight", RST_DROP },
	{ "default-role", RST_DROP }, { "role", RST_DROP }, { "sectnum", RST_DROP }, { "module", RST_DROP },
	{ "py:module", RST_DROP }, { "currentmodule", RST_DROP }, { "py:currentmodule", RST_DROP }, { "testsetup", RST_DROP },
	{ "testcleanup", RST_DROP }, { "moduleauthor", RST_DROP }, { "sectionauthor", RST_DROP },
};

enum rst_directive
rst_directive(struct slice name)
{
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (slice_is(name, known[i].name))
			return known[i].is;
	return RST_UNKNOWN;
}
