#!/bin/sh
# Every program: --help, --version, --check-config; what is wrong is said with file
# and line, and nothing starts with it.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"

mkdir -p "$T/run" "$T/state"
says() {	# STATUS REGEX COMMAND...
	want=$1 regex=$2; shift 2
	timeout 20 "$@" >"$T/said" 2>&1
	got=$?
	cat "$T/said"
	[ "$got" -eq "$want" ] || { echo "status $got, want $want"; return 1; }
	[ -z "$regex" ] || grep -qE -- "$regex" "$T/said"
}
short() {	# usage first, under 25 lines of at most 100 columns, on stdout
	timeout 20 "$1" --help >"$T/said" 2>/dev/null || return
	cat "$T/said"
	head -n 1 "$T/said" | grep -q '^usage: ' && [ "$(wc -l <"$T/said")" -lt 25 ] && [ "$(wc -L <"$T/said")" -le 100 ]
}
bad() { printf '# a comment\n\nrun_dir = %s/run\nstate_dir = %s/state\n%s\n' "$T" "$T" "$1" >"$T/bad.conf"; }

for name in api/archon-api mcp/archon-mcp relay/archon-relay crawler/archon-crawler ctl/archonctl; do
	program=$T_BLD/fcgi/$name name=${name#*/}
	t_ok "$name --help" short "$program"
	t_ok "$name --version" says 0 "^$name [0-9]" "$program" --version
	t_ok "$name --nonsense: 64, and what it takes" says 64 'nonsense' "$program" --nonsense
done
for name in api/archon-api mcp/archon-mcp relay/archon-relay crawler/archon-crawler ctl/archonctl; do
	program=$T_BLD/fcgi/$name name=${name#*/}
	bad 'log_level = info'
	t_ok "$name --check-config: good" says 0 '' "$program" --config "$T/bad.conf" --check-config
	bad 'colour = red'
	t_ok "$name: an unknown key" says 1 "^$T/bad.conf:5: .*colour" "$program" --config "$T/bad.conf" --check-config
	t_ok "$name: no such file" says 1 "nothing.conf" "$program" --config "$T/nothing.conf" --check-config
done
for name in api mcp relay crawler; do
	t_ok "archon-$name: does not start with it" says 78 "bad.conf:5: .*colour" "$T_BLD/fcgi/$name/archon-$name" --config "$T/bad.conf" --socket "$T/run/x.sock"
done

api=$T_BLD/fcgi/api/archon-api
line() {	# NAME LINE REGEX
	bad "$2"
	t_ok "$1" says 1 "^$T/bad.conf:5: $3" "$api" --config "$T/bad.conf" --check-config
}
line 'a unit that is none'	'fetch_timeout = 30sec'		'fetch_timeout: "30sec" is not a time such as 30s'
line 'a size with a unit of time' 'max_body = 10s'		'max_body: "10s" is not a size such as 10MiB'
line 'kB is no KiB'		'max_body = 10kB'		'max_body: "10kB" is not a size'
line 'a number with a unit'	'retries = 3s'			'retries: "3s" is not a whole number'
line 'a negative number'	'retries = -1'			'retries: "-1" is not a whole number'
line 'a fraction'		'fetch_timeout = 1.5s'		'fetch_timeout: '
line 'too large'		'retries = 21'			'retries: 21 is out of range, 0 to 20'
line 'too large for any number'	'store_max_size = 99999999999999999999'	'store_max_size: '
line 'an overflow by its unit'	'store_max_size = 9223372036854775807GiB' 'store_max_size: '
line 'neither yes nor no'	'obey_robots = true'		'obey_robots: "true" is neither yes nor no'
line 'a level there is not'	'log_level = loud'		'log_level: '
line 'an empty number'		'retries ='			'retries: '
line 'no ='			'retries 3'			'"retries 3" is not'
line 'a repeated key'		"run_dir = $T"			'run_dir is set twice'
line 'a value too long'		"state_dir = /$(printf '%05000d' 0)" 'line longer than [0-9]+ bytes'
line 'a network that is none'	'allow_private = 10.0.0.0/33'	'allow_private: "10.0.0.0/33" is neither'
line 'a port that is none'	'ports = 80 99999'		'ports: "99999" is neither'
line 'an address that is none'	'public_url = nonsense'		'public_url: "nonsense" is not an address'
line 'an origin with a path'	'allow_origins = https://a.example/x' 'allow_origins: "https://a.example/x" is not an origin'
one() {	# NAME LINE REGEX: the only line
	echo "$2" >"$T/one.conf"
	t_ok "$1" says 1 "^$T/one.conf:1: $3" "$api" --config "$T/one.conf" --check-config
}
one 'no directory'		'run_dir ='			'run_dir: "" is not an absolute path'
one 'a directory too long for sockets' "run_dir = /$(printf '%0100d' 0)" 'run_dir: .* at most 88 bytes'
one 'a relative directory'	'state_dir = here'		'state_dir: "here" is not an absolute path'
printf 'retries = 1\r\nfetch_timeout = 5s\r\n' >"$T/dos.conf"
t_ok 'lines may end as on Windows' says 0 '' "$api" --config "$T/dos.conf" --check-config

# all is well, but the place is not
bad "log_level = info"
sed -i "s|^state_dir = .*|state_dir = $T/none/of/it|" "$T/bad.conf"
t_ok 'a state_dir that is not there: says which' says 71 "$T/none/of/it" "$api" --config "$T/bad.conf" --socket "$T/run/x.sock"
