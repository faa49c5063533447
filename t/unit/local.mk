# Check: one program a module.
unit_tests =

include %D%/shared.mk
