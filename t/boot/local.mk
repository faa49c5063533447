# The packages: Debian's in a booted Debian, which needs root, systemd-nspawn and
# debootstrap; the RPM in a root of its own, which needs the former's and rpmbuild.
EXTRA_DIST += %D%/run %D%/inside %D%/disk %D%/clients %D%/rpm %D%/rpm-macros
check-boot: deb t/who/reach
	$(SHELL) $(srcdir)/%D%/run debbuild/archon_$(VERSION)-1_*.deb t/who/reach
check-rpm: dist archon.spec
	$(SHELL) $(srcdir)/%D%/rpm archon.spec $(abs_builddir)
.PHONY: check-boot check-rpm
