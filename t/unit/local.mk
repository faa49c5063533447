# Check: one program a module.
unit_tests =

include %D%/api.mk
include %D%/crawler.mk
include %D%/ctl.mk
include %D%/extract.mk
include %D%/mcp.mk
include %D%/relay.mk
include %D%/shared.mk
