#!/bin/sh
# The log: fed over HTTP, shown, followed, cleared; and programs that are run into it.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
t_need curl "$T_NGINX"

mkdir -p "$T/site" && echo '<title>A site</title><main><p>Some words to keep.</p></main>' >"$T/site/index.html"
t_ok 'a site to crawl' t_site "$T/site"
t_ok 'archon becomes healthy' t_archon "allow_private = $T_SITE"

says() { want=$1; shift; "$@" >"$T/said" 2>&1; cat "$T/said"; grep -qE -- "$want" "$T/said"; }
status() { want=$1; shift; "$@"; got=$?; [ "$got" -eq "$want" ] || { echo "exit status $got, want $want"; return 1; }; }
post() { t_status "$1" -X POST -H 'Content-Type: application/json' -d "$2" /api/mcp/logs; }
body_is() { t_status 200 "$1" && [ "$(cat "$T/body")" = "$2" ]; }
body_has() { t_status 200 "$1" && grep -qE -- "$2" "$T/body"; }

# -- HTTP

t_ok 'no entries yet' body_is /api/mcp/logs '[]'
t_ok 'one entry is taken' post 200 '{"message":"first","level":"ERROR","logger":"t"}'
t_ok 'an array too' post 200 '[{"message":"second"},{"message":"third","level":"debug"}]'
t_ok 'they come back oldest first, without envelope' body_has '/api/mcp/logs?limit=100' \
	'^\[\{"timestamp":"[0-9T:.-]*Z","level":"ERROR","message":"first","logger":"t","seq":[0-9]+\},\{.*"second".*\},\{.*"third".*\}\]$'
t_ok 'limit takes the newest' body_has '/api/mcp/logs?limit=1' '^\[\{[^{]*"third"[^{]*\}\]$'
t_ok 'a limit of 0 is all' body_has '/api/mcp/logs?limit=0' 'first.*second.*third'
t_ok 'what is wrong is told' post 422 '{"message":""}'
t_ok 'with the field' grep -q '"field":"message"' "$T/body"
t_ok 'the MCP status has the lines' body_has /api/mcp/status '"status":"running","uptime":[0-9]+,"logs":\["\[ERROR\] first","\[INFO\] second","\[DEBUG\] third"\]'
t_ok 'all is forgotten' t_status 200 -X DELETE /api/mcp/logs
t_ok 'but that it was' body_has /api/mcp/logs '^\[\{[^{]*"level":"INFO","message":"Logs cleared"[^{]*\}\]$'

# -- archonctl

t_ok 'push' t_ctl logs push 'one word' --level warning --logger me
t_ok 'logs shows it' says '^[0-9T:.-]+Z WARNING  me: one word$' t_ctl logs
t_ok 'logs --json too' says '"message":"one word","logger":"me"' t_ctl logs --json
silent() { "$@" >"$T/said" && [ ! -s "$T/said" ]; }
t_ok 'logs --level leaves it out' silent t_ctl logs --level ERROR
t_ok 'no such level' status 64 t_ctl logs --level LOUD
lines() { seq 1 1200 | sed 's/^/[INFO] line /' | t_ctl logs push -; }
t_ok 'push - takes lines, more than the ring holds' lines
newest() { t_ctl logs --limit 0 >"$T/said"; [ "$(wc -l <"$T/said")" -eq 1000 ] && tail -n 1 "$T/said" | grep 'INFO     archonctl: line 1200$'; }
t_ok 'the newest thousand are there' newest
in_order() { [ "$(sed -n 's/.*: line //p' "$T/said")" = "$(seq 201 1200)" ]; }
t_ok 'in their order' in_order

# A follower sees what comes, each once.
become() { exec "$T_BLD/fcgi/ctl/archonctl" --config "$T/archon.conf" --url "unix:$T/http.sock" "$@"; }
become logs -f >"$T/followed" 2>"$T/follow.err" &
follower=$!
t_ok 'logs -f begins with the last ones' t_until 10 grep -q 'line 1200$' "$T/followed"
counted() { t_ctl stat --dump | grep "^relay\\.0\\.clients\\.logs\\.ws = $1\$"; }
t_ok 'the relay counts it' t_until 10 counted 1
t_ok 'an entry is logged' t_ctl logs push 'while you watch'
t_ok 'and followed' t_until 10 grep -q 'while you watch$' "$T/followed"
t_ok 'the relay dies' t_kill relay
t_ok 'an entry without it' t_ctl logs push 'by polling'
t_ok 'is followed by polling' t_until 15 grep -q 'by polling$' "$T/followed"
t_ok 'the relay is back' t_restart relay
t_ok 'another entry' t_ctl logs push 'as before'
t_ok 'is followed' t_until 15 grep -q 'as before$' "$T/followed"
once() { ! cut -d' ' -f3- "$T/followed" | sort | uniq -d | grep .; }
t_ok 'none came twice' once
kill "$follower"
wait "$follower" 2>/dev/null

# -- programs

cat >"$T/program" <<'END'
#!/bin/sh
echo "[WARNING] careful"
echo "plain words"
echo "" 
echo "Error: no such thing" >&2
echo "just chatting" >&2
printf 'no newline'
exit "${1:-0}"
END
chmod +x "$T/program"
run() { (become logs run "$@"); }
t_ok 'the exit status is passed on' status 7 run --logger prog -- "$T/program" 7
entry() { t_ctl logs --limit 0 >"$T/said"; grep -E "$1" "$T/said"; }
t_ok 'a bracket gives the level'	entry 'Z WARNING  prog: careful$'
t_ok 'plain words are INFO'		entry 'Z INFO     prog: plain words$'
t_ok 'failures on stderr are ERROR'	entry 'Z ERROR    prog: Error: no such thing$'
t_ok 'other words on stderr are not'	entry 'Z INFO     prog: just chatting$'
t_ok 'the last line needs no newline'	entry 'Z INFO     prog: no newline$'
t_ok 'how it ended is there'		entry 'Z ERROR    prog: .*program ended with status 7$'
passed() { run -- "$T/program" >"$T/stdout" 2>"$T/stderr" && grep -q 'plain words' "$T/stdout" && ! grep -q chatting "$T/stdout" && grep -q chatting "$T/stderr"; }
t_ok 'output goes on where it would have gone' passed
cat >"$T/late" <<'END'
#!/bin/sh
until [ -e "$1.go" ]; do sleep 0.05; done
exec cat "$1"
END
chmod +x "$T/late"
mkfifo "$T/fifo"
uptime_cs() { read -r up _ </proc/uptime; echo "${up%.*}${up#*.}"; }
is_later() { [ "$(uptime_cs)" -gt "$1" ]; }
late() {	# the program has ended, and its output waits in a pipe, when its reader begins at last
	seq 1 11000 >"$T/want"			# a pipe nearly full
	exec 8<>"$T/fifo" 9<"$T/fifo"
	become logs run --logger late -- "$T/late" "$T/want" >"$T/fifo" 2>"$T/late.err" 8>&- 9<&- &
	runner=$!
	head -c 40000 /dev/zero >&8		# the reader's too, when a little more is in it
	exec 8>&-
	t_until 20 grep -q . "/proc/$runner/task/$runner/children" || return
	read -r child _ <"/proc/$runner/task/$runner/children"
	kill -STOP "$runner"
	touch "$T/want.go"
	t_until 20 grep -q '^State:.Z' "/proc/$child/status" || return
	kill -CONT "$runner"
	t_until 20 is_later $(($(uptime_cs) + 100))	# longer than it waits for what its children say
	tail -c +40001 <&9 >"$T/got"
	exec 9<&-
	wait "$runner" && cmp "$T/want" "$T/got"
}
t_ok 'a slow reader of the output loses nothing' late
t_ok 'no such program' status 127 run -- "$T/nosuch"
t_ok 'not executable' status 126 run -- "$T/archon.conf"
t_ok 'ended by a signal' status 143 run -- sh -c 'kill -TERM $$'
t_ok 'options behind the dashes are its own' status 3 run -- sh -c 'exit "$1"' - 3

cat >"$T/patient" <<'END'
#!/bin/sh
trap 'echo got TERM; exit 5' TERM
trap 'echo got USR1' USR1
echo ready
while :; do sleep 0.05; done
END
chmod +x "$T/patient"
become logs run --logger patient -- "$T/patient" >"$T/patient.out" &
runner=$!
t_ok 'a server runs' t_until 10 grep -q ready "$T/patient.out"
kill -USR1 "$runner"
t_ok 'signals reach it' t_until 10 grep -q 'got USR1' "$T/patient.out"
kill -TERM "$runner"
t_ok 'and its own status comes back' status 5 wait "$runner"
t_ok 'all of it is in the log' entry 'INFO     patient: got TERM$'

cat >"$T/flaky" <<'END'
#!/bin/sh
echo x >>"$1"
[ "$(wc -l <"$1")" -ge 3 ] || exit 9
echo done
END
chmod +x "$T/flaky"
t_ok 'with --restart it gets other chances' status 0 run --restart -- "$T/flaky" "$T/tries"
t_ok 'and that is told' entry 'WARNING  flaky: .*flaky is started again in 1 s$'
t_ok '...after twice as long when it fails again' entry 'WARNING  flaky: .*flaky is started again in 2 s$'
t_ok 'without it, it does not' status 9 run -- "$T/flaky" "$T/tries2"

# While archon is away the program goes on, and its lines are there when archon is.
t_ok 'the API dies' t_kill api
cat >"$T/talker" <<'END'
#!/bin/sh
echo before
until [ -e "$1" ]; do sleep 0.05; done
echo after
END
chmod +x "$T/talker"
become logs run --logger talker -- "$T/talker" "$T/go" >"$T/talker.out" &
runner=$!
t_ok 'a program speaks meanwhile' t_until 10 grep -q before "$T/talker.out"
t_ok 'the API is back' t_restart api
t_ok 'it answers' t_until 10 t_status 200 /api/health
touch "$T/go"
t_ok 'the program ends well' status 0 wait "$runner"
t_ok 'nothing is missing' entry 'talker: before$'
t_ok 'nothing at all' entry 'talker: after$'

# -- eyes

t_ok 'stat shows the ring' says '^log: 1000 entries, last [0-9]+   knowledge items: version [0-9]+, [0-9]+ bytes' t_ctl stat
t_ok 'stat --dump has its fields' says '^ring\.floor = [0-9]+' t_ctl stat --dump
t_ok 'and the counters of the relay' says '^relay\.0\.clients\.logs\.ws = [0-9]+' t_ctl stat --dump
t_ok 'stat --json as well' says '"ring":\{"first":[0-9]+,.*"catalogue":\{.*"counters":\[\{"slot":0,"alive":true' t_ctl stat --json

catalogue() { t_ctl stat --dump | sed -n "s/^catalogue\\.$1 = //p"; }
version=$(catalogue version) bytes=$(catalogue bytes)
become watch --raw /api/knowledge-items/stream >"$T/raw" 2>"$T/raw.err" &
raw=$!
t_ok 'watch --raw shows the list first' t_until 10 grep -q '^{"type":"knowledge_items_update","data":{"items":\[\]' "$T/raw"
t_ok 'a crawl' t_ctl crawl "http://$T_SITE/"
published() {	# at its begin and at its end
	echo "version $version -> $(catalogue version), bytes $bytes -> $(catalogue bytes)"
	[ "$(catalogue version)" -ge $((version + 2)) ] && [ "$(catalogue bytes)" -gt $((bytes + 200)) ]
}
t_ok 'changes the list of knowledge items' t_until 10 published
same() { t_status 200 /api/knowledge-items && [ "$(wc -c <"$T/body")" -eq "$(catalogue bytes)" ]; }
t_ok 'which is what GET answers' same
t_ok 'watch --raw has shown the event' t_until 10 grep -qF '{"type":"crawl_completed","data":{"url":"http://'"$T_SITE"'/","success":true,' "$T/raw"
t_ok 'and the list with the site' t_until 10 grep -q '^{"type":"knowledge_items_update".*"status":"active"' "$T/raw"
t_ok 'stat shows who follows what, and how' t_until 10 says '^relay 0:  progress 0/0/0 .* knowledge 1/0/0 .*\(ws/sse/poll\)$' t_ctl stat
t_ok '...and what was done for them' says '^ +[1-9][0-9]* messages  [1-9][0-9.]* .?B  [0-9]+ conflated  [0-9]+ gaps \([0-9]+ entries\)  [0-9]+ slow and [0-9]+ dead closed  lag p99 [0-9.]+ ms  [0-9]+ upgrades$' t_ctl stat
shown() { t_ctl stat --dump >"$T/dump"; for name; do grep -qE "^relay\.0\.$name = [0-9]+\$" "$T/dump" || { echo "no $name"; cat "$T/dump"; return 1; }; done; }
t_ok 'stat --dump has every counter' shown messages bytes conflated gaps missed opened refused slow_closes dead_closes ignored upgrades loop_turns loop_lag_p99_us
for stream in progress logs knowledge crawls; do t_ok "...and the clients of $stream" shown clients.$stream.ws clients.$stream.sse clients.$stream.poll; done
dumped() { grep -qE 'dump clients=[1-9]' "$T/relay.log" && grep -q 'dump stream=knowledge ws=1 sse=0 poll=0' "$T/relay.log" && grep -qE 'dump conn=[0-9]+ state=OPEN stream=knowledge wire=0 ' "$T/relay.log" || { tail "$T/relay.log"; return 1; }; }
kill -USR1 "$(t_pid relay)"
t_ok 'USR1 has the relay tell each connection' t_until 10 dumped
kill "$raw"
wait "$raw" 2>/dev/null
t_ok 'no such stream' status 69 t_ctl watch --raw /api/nothing
