#!/bin/sh
# The page's unit tests, where its packages are installed.
cd "${T_BLD:-$(dirname "$0")/../..}/fcgi/www" 2>/dev/null && [ -x node_modules/.bin/vitest ] || {
	echo '1..0 # SKIP the page was not built here'
	exit 0
}
LC_ALL=C TZ=UTC exec node_modules/.bin/vitest run --reporter=tap-flat </dev/null
