# What is installed, and what conf/run and t/ expand for themselves.
nginxdir = $(sysconfdir)/$(PACKAGE)/nginx
nginx_DATA = \
	conf/nginx/access.conf conf/nginx/main.conf conf/nginx/public.conf \
	conf/nginx/fastcgi.conf conf/nginx/headers.conf conf/nginx/http.conf \
	conf/nginx/locations.conf conf/nginx/relay.conf conf/nginx/site.conf conf/nginx/types.conf
systemdsystemunit_DATA = \
	conf/systemd/archon-api.service conf/systemd/archon-api.socket \
	conf/systemd/archon-mcp.service conf/systemd/archon-mcp.socket \
	conf/systemd/archon-relay.service conf/systemd/archon-relay.socket \
	conf/systemd/archon-crawler.service conf/systemd/archon.slice conf/systemd/archon.target
confdocdir = $(docdir)/conf
dist_confdoc_DATA = %D%/README
grafanadir = $(pkgdatadir)/grafana
grafana_DATA = %D%/grafana/archon.json
EXTRA_DIST += $(grafana_DATA)
sysusersdir = $(prefix)/lib/sysusers.d
sysusers_DATA = conf/sysusers.d/archon.conf
tmpfilesdir = $(prefix)/lib/tmpfiles.d
tmpfiles_DATA = conf/tmpfiles.d/archon.conf

conf_expanded = $(nginx_DATA) $(systemdsystemunit_DATA) \
	$(sysusers_DATA) $(tmpfiles_DATA) conf/archon.conf
conf_in = \
	%D%/nginx/access.conf.in %D%/nginx/main.conf.in %D%/nginx/public.conf.in \
	%D%/nginx/fastcgi.conf.in %D%/nginx/headers.conf.in %D%/nginx/http.conf.in \
	%D%/nginx/locations.conf.in %D%/nginx/relay.conf.in %D%/nginx/site.conf.in %D%/nginx/types.conf.in \
	%D%/systemd/archon-api.service.in %D%/systemd/archon-api.socket.in \
	%D%/systemd/archon-mcp.service.in %D%/systemd/archon-mcp.socket.in \
	%D%/systemd/archon-relay.service.in %D%/systemd/archon-relay.socket.in \
	%D%/systemd/archon-crawler.service.in %D%/systemd/archon.slice.in %D%/systemd/archon.target.in \
	%D%/sysusers.d/archon.conf.in %D%/tmpfiles.d/archon.conf.in %D%/archon.conf.in

$(conf_expanded): Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(substitute) $(srcdir)/$@.in >$@.$$$$ && mv $@.$$$$ $@
# Each from its own .in; the list above says which exist.
conf/nginx/access.conf: %D%/nginx/access.conf.in
conf/nginx/main.conf: %D%/nginx/main.conf.in
conf/nginx/public.conf: %D%/nginx/public.conf.in
conf/nginx/fastcgi.conf: %D%/nginx/fastcgi.conf.in
conf/nginx/headers.conf: %D%/nginx/headers.conf.in
conf/nginx/http.conf: %D%/nginx/http.conf.in
conf/nginx/locations.conf: %D%/nginx/locations.conf.in
conf/nginx/relay.conf: %D%/nginx/relay.conf.in
conf/nginx/site.conf: %D%/nginx/site.conf.in
conf/nginx/types.conf: %D%/nginx/types.conf.in
conf/systemd/archon-api.service: %D%/systemd/archon-api.service.in
conf/systemd/archon-api.socket: %D%/systemd/archon-api.socket.in
conf/systemd/archon-mcp.service: %D%/systemd/archon-mcp.service.in
conf/systemd/archon-mcp.socket: %D%/systemd/archon-mcp.socket.in
conf/systemd/archon-relay.service: %D%/systemd/archon-relay.service.in
conf/systemd/archon-relay.socket: %D%/systemd/archon-relay.socket.in
conf/systemd/archon-crawler.service: %D%/systemd/archon-crawler.service.in
conf/systemd/archon.slice: %D%/systemd/archon.slice.in
conf/systemd/archon.target: %D%/systemd/archon.target.in
conf/sysusers.d/archon.conf: %D%/sysusers.d/archon.conf.in
conf/tmpfiles.d/archon.conf: %D%/tmpfiles.d/archon.conf.in
conf/archon.conf: %D%/archon.conf.in

noinst_DATA += conf/archon.conf
CLEANFILES += $(conf_expanded)
EXTRA_DIST += $(conf_in) %D%/debian %D%/archon.spec.in %D%/deb.sh %D%/tar.sh %D%/nginx.sh %D%/packages.sh %D%/run %D%/supervise %D%/test

# archon.conf is the operator's once it is there: an update puts the new one beside it.
archonconfdir = $(sysconfdir)/$(PACKAGE)
install_data_local += install-archon-conf
install-archon-conf: conf/archon.conf
	$(MKDIR_P) '$(DESTDIR)$(archonconfdir)'
	if test -e '$(DESTDIR)$(archonconfdir)/archon.conf' && \
	    ! cmp -s conf/archon.conf '$(DESTDIR)$(archonconfdir)/archon.conf'; then \
		$(INSTALL_DATA) conf/archon.conf '$(DESTDIR)$(archonconfdir)/archon.conf.new'; \
	else \
		$(INSTALL_DATA) conf/archon.conf '$(DESTDIR)$(archonconfdir)/archon.conf'; \
	fi
uninstall_local += uninstall-archon-conf
uninstall-archon-conf:
	rm -f '$(DESTDIR)$(archonconfdir)/archon.conf.new'
	if cmp -s conf/archon.conf '$(DESTDIR)$(archonconfdir)/archon.conf'; then \
		rm -f '$(DESTDIR)$(archonconfdir)/archon.conf'; \
	fi

# Packages.  The tar of a release depends on nothing but its files.
am__tar = $(SHELL) $(srcdir)/conf/tar.sh $(srcdir) "$$tardir"
deb: dist
	$(SHELL) $(srcdir)/conf/deb.sh $(distdir).tar.xz $(VERSION)
archon.spec: %D%/archon.spec.in Makefile
	$(AM_V_GEN)$(substitute) $(srcdir)/conf/archon.spec.in >$@
CLEANFILES += archon.spec
rpm: dist archon.spec
	rpmbuild -bb --define "_sourcedir $(abs_builddir)" --define "_topdir $(abs_builddir)/rpmbuild" archon.spec
clean-local:
	rm -rf debbuild rpmbuild
.PHONY: deb rpm
