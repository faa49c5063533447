#!/bin/sh
# The page where archon asks for tokens: signing in, living on the cookie, signing out.
. "${T_SRC:-$(dirname "$0")/..}/t/lib.sh"
PAGE_ACCESS=required
. "$T_SRC/t/page.sh"
page_run 40-access
