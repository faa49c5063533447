# t/page.sh - sourced by t/5*-page*.t after t/lib.sh: the page in a real browser
# against the real house.  t/browser/*.mjs drive it; page_run NAME... starts archon,
# runs them in turn and does to it what they ask (see rig.mjs).
# PAGE_ACCESS=required asks for a token; page_token NAME SCOPE makes one, into $T/NAME.
# SHOTS=DIR keeps a screenshot of each page, light and dark, narrow and wide.
t_need curl node "$T_NGINX"
for CHROMIUM in chromium chromium-browser google-chrome none; do
	command -v "$CHROMIUM" >/dev/null && break
done
t_need "$CHROMIUM"
CHROMIUM=$(command -v "$CHROMIUM")
PAGE_MODULES=$T_BLD/fcgi/www
[ -f "$PAGE_MODULES/dist/index.html" ] && [ -d "$PAGE_MODULES/node_modules/playwright-core" ] || t_need 'page (it was not built here)'

# A browser wants a port: addresses of our own, as t_site has them.  The second
# door lets no WebSocket through, the third no event stream either.
net=127.$(($$ / 62500 % 250 + 1)).$(($$ / 250 % 250))
last=$(($$ % 250 + 1))
BASE=http://$net.$last:18088
NO_WS=http://$net.$last:18089
NO_STREAM=http://$net.$last:18090
SITE_HOST=$net.$last SITE_PORT=18080
mkdir -p "$T/data" && cp -R "$PAGE_MODULES/dist" "$T/data/www" && chmod -R a+rX "$T/data"

doors() {
	nginx_write "$T_SRC" "$T/nginx" "$T/run" "$T/data" "unix:$T/http.sock,${BASE#http://}" "${PAGE_ACCESS:+include $T/nginx/access.conf;}" || return
	for door in no_ws no_stream; do
		mkdir -p "$T/$door"
		listen=$NO_WS; [ "$door" = no_ws ] || listen=$NO_STREAM
		nginx_write "$T_SRC" "$T/$door" "$T/run" "$T/data" "${listen#http://}" || return
		sed -i 's/"~\*^websocket\$" websocket;//' "$T/$door/http.conf"
	done
	sed -i 's/"~\*^GET (crawl|all).*stream;//' "$T/no_stream/http.conf"
	for door in no_ws no_stream; do
		t_start "$door" "$T_NGINX" -p "$T/$door" -c "$T/$door/nginx.conf" -e "$T/$door/error.log"
	done
	t_start nginx "$T_NGINX" -p "$T/nginx" -c "$T/nginx/nginx.conf" -e "$T/nginx/error.log"
	t_until 10 test -S "$T/http.sock"
}
house() {
	t_conf "allow_private = $SITE_HOST:$SITE_PORT" "max_crawls = 64" "access = ${PAGE_ACCESS:-auto}" && doors || return
	for part in api mcp relay crawler; do t_restart "$part"; done
	[ -n "${PAGE_ACCESS:-}" ] || { t_until 15 t_healthy; return; }
	t_until 15 page_token house read && t_until 15 env ARCHON_TOKEN="$(cat "$T/house")" "$T_BLD/fcgi/ctl/archonctl" \
		--config "$T/archon.conf" --url "unix:$T/http.sock" health
}
page_token() { t_ctl token add "$1" --scope "$2" >"$T/$1"; }
t_ok 'archon, and three doors to it' house
[ "$T_BAD" -eq 0 ] || exit 1

export T CHROMIUM PAGE_MODULES BASE NO_WS NO_STREAM SITE_HOST SITE_PORT SHOTS
mkfifo "$T/ask" "$T/answer"
reason() { cat "$T/out.why"; return 1; }
page_script() {
	script=$T_SRC/t/browser/$1.mjs
	timeout -k 5 600 node "$script" 3>"$T/ask" 4<"$T/answer" >>"$T/browser.log" 2>&1 &
	echo $! >"$T/browser.nodepid"
	exec 5<"$T/ask" 6>"$T/answer"
	while read -r verb what <&5; do
		case $verb in
		end) break ;;
		do) eval "$what" >>"$T/house.log" 2>&1 </dev/null 5<&- 6>&-; echo $? >&6 ;;	# no daemon may hold the pipes
		point)
			case $what in
			ok\ *) t_ok "${what#ok }" true ;;
			*) mv "$T/out" "$T/out.why"; t_ok "${what#not }" reason ;;
			esac
			echo 0 >&6
			;;
		esac
	done
	exec 5<&- 6>&-
	wait "$(cat "$T/browser.nodepid")"
	status=$?
	[ "$status" -le 1 ] || t_ok "${script##*/} ran to its end" sh -c 'tail -n 30 "$1"; exit 1' - "$T/browser.log"
}
page_run() {
	for name in "$@"; do page_script "$name"; done
}
