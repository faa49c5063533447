# The package in a booted Debian; needs root, systemd-nspawn and debootstrap.
EXTRA_DIST += %D%/run %D%/inside %D%/disk %D%/clients
check-boot: deb t/who/reach
	$(SHELL) $(srcdir)/%D%/run debbuild/archon_$(VERSION)-1_*.deb t/who/reach
.PHONY: check-boot
