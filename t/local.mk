# Unit tests link the rooms' insides; black-box tests (*.t) speak TAP.
unit_cppflags = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
unit_libs = $(shared_libs) $(CHECK_LIBS)

TEST_EXTENSIONS = .t
T_LOG_COMPILER = $(SHELL)
T_LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
AM_TESTS_ENVIRONMENT = \
	T_SRC='$(abs_top_srcdir)' T_BLD='$(abs_top_builddir)' T_NGINX='$(NGINX)' CK_TIMEOUT_MULTIPLIER=5; \
	export T_SRC T_BLD T_NGINX CK_TIMEOUT_MULTIPLIER;

t_scripts = \
	%D%/0010-includes.t \
	%D%/0020-source.t \
	%D%/0030-conf.t \
	%D%/0040-install.t \
	%D%/0050-stress.t \
	%D%/0060-man.t \
	%D%/0070-dist.t \
	%D%/0080-probes.t \
	%D%/1000-smoke.t \
	%D%/2010-ways.t \
	%D%/2110-workers.t \
	%D%/2210-stress.t
TESTS += $(t_scripts)
EXTRA_DIST += $(t_scripts) %D%/lib.sh %D%/page.sh

include %D%/unit/local.mk
include %D%/blackbox.mk
include %D%/stress/local.mk
include %D%/bench/local.mk
include %D%/search/local.mk
include %D%/docs/local.mk
include %D%/boot/local.mk

# Are crawls complete?  Against an independent walk, on documentation that is installed.
EXTRA_DIST += %D%/crawl/docs %D%/crawl/walk
check-docs: check-walk
check-walk: programs
	$(AM_TESTS_ENVIRONMENT) $(SHELL) $(srcdir)/%D%/crawl/docs $(PACKAGES)
.PHONY: check-walk
