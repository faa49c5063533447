#!/bin/sh
# conf/deb.sh - Debian packages from a release, with the packaging of conf/debian.
#
#	conf/deb.sh TARBALL VERSION	packages go to debbuild/, lintian must be content
#
# Its dates are those of the release, so the same release gives the same packages.
set -eu
tarball=$1 version=$2

for tool in dpkg-buildpackage dh lintian; do
	command -v "$tool" >/dev/null && continue
	echo 'make deb needs these: apt-get install --no-install-recommends dpkg-dev debhelper lintian fakeroot' >&2
	exit 1
done
rm -rf debbuild
mkdir debbuild
cp "$tarball" "debbuild/archon_$version.orig.tar.xz"
tar -xf "$tarball" -C debbuild
cd "debbuild/archon-$version"
: "${SOURCE_DATE_EPOCH:=$(stat -c %Y configure.ac)}"
export SOURCE_DATE_EPOCH
cp -R conf/debian debian
rm debian/changelog.in
sed -e "s/@VERSION@/$version/" -e "s/@DATE@/$(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")/" conf/debian/changelog.in >debian/changelog
chmod 755 debian/rules
unset MAKEFLAGS MFLAGS MAKELEVEL
dpkg-buildpackage -us -uc -b
cd ..
lintian --fail-on error,warning archon_*.changes
ls -l -- *.deb
