# conf/nginx.sh - sourced by conf/run and t/lib.sh: run nginx on the very files
# that ship, as an ordinary user, with all it writes below one directory.
#
#	nginx_write SRC DIR RUN DATA LISTEN [SERVER]
#
# SRC is the source tree, DIR gets nginx.conf and the expanded files, RUN holds
# the sockets of archon, DATA the page (DATA/www).  LISTEN is what stands after
# `listen', several separated by commas; SERVER is further text for server {}.

nginx_write() {
	mkdir -p "$2/tmp" || return
	for nginx_file in http locations access fastcgi relay headers types; do
		sed -e "s|@rundir@|$3|g" -e "s|@pkgdatadir@|$4|g" -e "s|@nginxdir@|$2|g" \
			"$1/conf/nginx/$nginx_file.conf.in" >"$2/$nginx_file.conf" || return
	done
	# As root, workers of another user could not reach the private directory.
	nginx_user=; [ "$(id -u)" -ne 0 ] || nginx_user='user root;'
	# A connection in and one out for each live client; and no more files than we may have.
	nginx_files=$(ulimit -Hn)
	case $nginx_files in unlimited | ?????*) nginx_files=8192 ;; esac
	cat >"$2/nginx.conf" <<-CONF
		$nginx_user
		daemon off;
		master_process on;
		worker_rlimit_nofile $nginx_files;
		worker_processes 2;
		worker_shutdown_timeout 2s;
		pid $2/nginx.pid;
		error_log $2/error.log notice;
		events {
		    worker_connections $((nginx_files / 2));
		}
		http {
		    include $2/http.conf;
		    access_log $2/access.log archon;
		    client_body_temp_path $2/tmp/body;
		    proxy_temp_path $2/tmp/proxy;
		    fastcgi_temp_path $2/tmp/fastcgi;
		    uwsgi_temp_path $2/tmp/uwsgi;
		    scgi_temp_path $2/tmp/scgi;
		    sendfile on;
		    server {
		$(echo "$5" | tr ',' '\n' | sed 's/^ */        listen /; s/$/;/')
		        server_name _;
		        include $2/locations.conf;
		        ${6:-}
		    }
		}
	CONF
}

# nginx_site ROOT DIR LISTEN: a plain static server, something to crawl.
nginx_site() {
	mkdir -p "$2/tmp" || return
	nginx_user=; [ "$(id -u)" -ne 0 ] || nginx_user='user root;'
	cat >"$2/nginx.conf" <<-CONF
		$nginx_user
		daemon off;
		worker_processes 1;
		pid $2/nginx.pid;
		error_log $2/error.log notice;
		events {
		    worker_connections 1024;
		}
		http {
		    access_log $2/access.log;
		    client_body_temp_path $2/tmp/body;
		    proxy_temp_path $2/tmp/proxy;
		    fastcgi_temp_path $2/tmp/fastcgi;
		    uwsgi_temp_path $2/tmp/uwsgi;
		    scgi_temp_path $2/tmp/scgi;
		    types {
		        text/html html;
		        text/plain txt md;
		        text/xml xml;
		    }
		    server {
		        listen $3;
		        root $1;
		    }
		}
	CONF
}
