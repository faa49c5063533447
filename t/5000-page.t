#!/bin/sh
# The page: crawls from start to end through every trouble; then as a whole.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
. "$T_SRC/t/page.sh"
page_run 10-crawl 20-whole
