# conf/packages.sh - sourced by conf/run and conf/test: what has to be there, how
# to tell, and what the packages that bring it are called.
#
#	packages_need TABLE...	install what is missing (Debian and its kin), or say
#				what to install and end
#
# A row: how to tell (cmd: a command, pc: a pkg-config module, hdr: a C header,
# dir: a directory, py: a module of the system's Python), its name, then the
# packages of Debian, Fedora, Arch and Alpine, commas for several, - for none.

packages_build='
cmd  cc          gcc                   gcc                 gcc            gcc
hdr  stdio.h     libc6-dev             glibc-devel         glibc          musl-dev
cmd  make        make                  make                make           make
cmd  autoconf    autoconf              autoconf            autoconf       autoconf
cmd  automake    automake              automake            automake       automake
cmd  pkg-config  pkgconf               pkgconf-pkg-config  pkgconf        pkgconf
pc   fcgi        libfcgi-dev           fcgi-devel          fcgi           fcgi-dev
pc   json-c      libjson-c-dev         json-c-devel        json-c         json-c-dev
pc   sqlite3     libsqlite3-dev        sqlite-devel        sqlite         sqlite-dev
pc   libcurl     libcurl4-openssl-dev  libcurl-devel       curl           curl-dev
pc   nettle      nettle-dev            nettle-devel        nettle         nettle-dev
pc   libidn2     libidn2-dev           libidn2-devel       libidn2        libidn2-dev
pc   zlib        zlib1g-dev            zlib-devel          zlib           zlib-dev
pc   expat       libexpat1-dev         expat-devel         expat          expat-dev
html parser      libgumbo-dev          gumbo-parser-devel  gumbo-parser   gumbo-parser-dev
'
packages_run='
cmd  nginx       nginx                 nginx               nginx          nginx
cmd  pdftotext   poppler-utils         poppler-utils       poppler        poppler-utils
'
packages_test='
cmd  nginx       nginx                 nginx               nginx          nginx
cmd  pdftotext   poppler-utils         poppler-utils       poppler        poppler-utils
cmd  curl        curl                  curl                curl           curl
pc   check       check                 check-devel         check          check-dev
cmd  sqlite3     sqlite3               sqlite              sqlite         sqlite
py   websockets  python3-websockets    python3-websockets  python-websockets  py3-websockets
cmd  systemd-analyze  systemd           systemd             systemd        -
cmd  /bin/kill   procps                procps-ng           procps-ng      procps
cmd  mandoc      mandoc                mandoc              mandoc         mandoc
'
packages_browser='
cmd  chromium    chromium              chromium            chromium       chromium
'
packages_demo='
dir  /usr/share/doc/sqlite3/lang.html  sqlite3-doc         sqlite-doc     sqlite-doc  -
'
packages_page='
cmd  node        nodejs                nodejs              nodejs         nodejs
cmd  npm         npm                   nodejs-npm          npm            npm
'

package_is_there() {	# HOW NAME
	case $1 in
	cmd) PATH=$PATH:/usr/sbin:/usr/local/sbin:/sbin command -v "$2" >/dev/null ;;
	pc) pkg-config --exists "$2" 2>/dev/null ;;
	hdr) echo "#include <$2>" | cc -E - >/dev/null 2>&1 ;;
	html) pkg-config --exists lexbor 2>/dev/null || pkg-config --exists gumbo 2>/dev/null ;;
	dir) [ -e "$2" ] ;;
	py) /usr/bin/python3 -c "import $2" 2>/dev/null ;;
	esac
}

packages_missing() {	# COLUMN TABLE...: names of the packages that are missing
	packages_column=$1; shift
	for packages_table; do echo "$packages_table"; done |
	while read -r how name deb dnf pacman apk; do
		[ -n "$how" ] && ! package_is_there "$how" "$name" || continue
		eval "echo \"\$$packages_column\""
	done | tr ',' '\n' | grep -v '^-$' | sort -u | tr '\n' ' '
}

packages_need() {
	if command -v apt-get >/dev/null; then
		packages_apt "$@"
		return
	fi
	for packages_tool in dnf:dnf pacman:pacman apk:apk; do
		command -v "${packages_tool#*:}" >/dev/null || continue
		packages_list=$(packages_missing "${packages_tool%:*}" "$@")
		[ -n "$packages_list" ] || return 0
		case $packages_tool in
		dnf:*) echo "Please install what is missing, then start this again:  sudo dnf install $packages_list" ;;
		pacman:*) echo "Please install what is missing, then start this again:  sudo pacman -S --needed $packages_list" ;;
		apk:*) echo "Please install what is missing, then start this again:  sudo apk add $packages_list" ;;
		esac >&2
		return 1
	done
	packages_list=$(packages_missing deb "$@")
	[ -n "$packages_list" ] || return 0
	echo "Please install what these Debian packages bring, then start this again:  $packages_list" >&2
	return 1
}

packages_apt() {
	packages_list=$(packages_missing deb "$@")
	[ -n "$packages_list" ] || return 0
	packages_sudo=
	if [ "$(id -u)" -ne 0 ]; then
		packages_sudo='sudo -n'
		[ -t 0 ] && packages_sudo=sudo
		if ! command -v sudo >/dev/null; then
			echo "Packages are missing, and there is no sudo.  As root:  apt-get install --no-install-recommends $packages_list" >&2
			return 1
		fi
	fi
	packages_nginx=
	case " $packages_list" in *' nginx '*) packages_nginx=new ;; esac
	echo "installing $packages_list"
	[ -n "$(ls /var/lib/apt/lists/*Packages* 2>/dev/null)" ] || packages_apt_get update
	packages_apt_get install $packages_list || {
		packages_apt_get update		# the lists may be old
		packages_apt_get install $packages_list
	} || {
		tail -n 15 "$packages_log" >&2
		echo "These packages could not be installed: $packages_list" >&2
		return 1
	}
	# Debian starts a new nginx on port 80 for everyone; we want the program only.
	if [ -n "$packages_nginx" ]; then
		if [ -d /run/systemd/system ]; then
			$packages_sudo systemctl disable --now nginx
		else
			$packages_sudo invoke-rc.d nginx stop
		fi >/dev/null 2>&1
	fi
	return 0
}

packages_apt_get() {	# never removes, never replaces, asks nothing
	: "${packages_log:=/dev/null}"
	$packages_sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 \
		--no-install-recommends --no-remove --no-upgrade "$@" >>"$packages_log" 2>&1 </dev/null
}
