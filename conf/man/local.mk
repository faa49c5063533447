# Manual pages: text from here, options and keys from the programs (conf/man.sh).
man_pages = %D%/archon-api.8 %D%/archon-mcp.8 %D%/archon-relay.8 %D%/archon-crawler.8 \
	%D%/archon-convert.8 %D%/archonctl.1 %D%/archon.conf.5 %D%/archon.7
man_in = %D%/archon-api.8.in %D%/archon-mcp.8.in %D%/archon-relay.8.in %D%/archon-crawler.8.in \
	%D%/archon-convert.8.in %D%/archonctl.1.in %D%/archon.conf.5.in %D%/archon.7.in
man_MANS = $(man_pages)
EXTRA_DIST += $(man_in) conf/man.sh
CLEANFILES += $(man_pages)

$(man_pages): Makefile conf/man.sh conf/archon.conf $(pkglibexec_PROGRAMS) $(bin_PROGRAMS)
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
		$(SHELL) $(srcdir)/conf/man.sh $(srcdir)/$@.in fcgi conf/archon.conf >$@.$$$$ && \
		$(substitute) $@.$$$$ >$@.$$$$.1 && rm $@.$$$$ && mv $@.$$$$.1 $@
%D%/archon-api.8: %D%/archon-api.8.in
%D%/archon-mcp.8: %D%/archon-mcp.8.in
%D%/archon-relay.8: %D%/archon-relay.8.in
%D%/archon-crawler.8: %D%/archon-crawler.8.in
%D%/archon-convert.8: %D%/archon-convert.8.in
%D%/archonctl.1: %D%/archonctl.1.in
%D%/archon.conf.5: %D%/archon.conf.5.in
%D%/archon.7: %D%/archon.7.in
