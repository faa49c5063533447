# shared/: t/fuzz/run builds and runs these, as every fuzz_*.c.
EXTRA_DIST += \
	%D%/run \
	%D%/access/bearer %D%/access/cookie %D%/access/origin %D%/access/rebinding \
	%D%/fuzz_access.c %D%/fuzz_conf.c %D%/fuzz_crawl_params.c %D%/fuzz_multipart.c %D%/fuzz_plain.c %D%/fuzz_table.c \
	%D%/multipart/file %D%/multipart/odd %D%/plain/all.md \
	%D%/seeds/fuzz_conf/example %D%/seeds/fuzz_conf/refused \
	%D%/seeds/fuzz_conf/twice %D%/seeds/fuzz_conf/units \
	%D%/seeds/fuzz_crawl_params/all %D%/seeds/fuzz_crawl_params/least \
	%D%/seeds/fuzz_crawl_params/options %D%/seeds/fuzz_crawl_params/refused \
	%D%/seeds/fuzz_table/cut %D%/seeds/fuzz_table/header \
	%D%/seeds/fuzz_table/keys %D%/seeds/fuzz_table/numbers \
	%D%/seeds/fuzz_table/rows %D%/seeds/fuzz_table/sound \
	%D%/seeds/fuzz_table/version
