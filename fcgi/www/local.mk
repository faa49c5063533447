# The web page: Vite builds it, page.sh brings it and make together.
EXTRA_DIST += \
	%D%/README %D%/page.sh %D%/unit.t \
	%D%/index.html %D%/package.json %D%/package-lock.json %D%/tsconfig.json %D%/vite.config.ts %D%/.npmrc \
	%D%/src %D%/public %D%/test

page_sh = $(SHELL) $(srcdir)/fcgi/www/page.sh
page_dirs = $(srcdir)/fcgi/www fcgi/www

if BUILD_WWW
all-local: www
www:
	$(AM_V_GEN)$(page_sh) build $(page_dirs) '$(NPM)'
install_data_local += install-www
install-www:
	$(page_sh) install $(page_dirs) '$(DESTDIR)$(pkgdatadir)/www'
uninstall_local += uninstall-www
uninstall-www:
	rm -rf '$(DESTDIR)$(pkgdatadir)/www'
endif

.PHONY: www install-www uninstall-www

TESTS += %D%/unit.t

dist-hook:
	$(page_sh) dist $(page_dirs) '$(distdir)'
distclean-local:
	$(page_sh) clean $(page_dirs)
