# libFuzzer targets are built on demand, with clang: see the head of each.
# What is fuzzed is compiled again, with the coverage that guides the fuzzer.
EXTRA_PROGRAMS += t/fuzz/fuzz_ws_frame
t_fuzz_fuzz_ws_frame_SOURCES = %D%/fuzz_ws_frame.c \
	fcgi/relay/asked.c fcgi/relay/deflate.c fcgi/relay/frame.c \
	fcgi/relay/http_head.c fcgi/relay/ws_handshake.c fcgi/relay/ws_in.c shared/ws_frame.c
t_fuzz_fuzz_ws_frame_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
t_fuzz_fuzz_ws_frame_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
t_fuzz_fuzz_ws_frame_LDADD = $(shared_libs) $(ZLIB_LIBS)

EXTRA_DIST += \
	%D%/ws_frame/fragments %D%/ws_frame/handshake %D%/ws_frame/header \
	%D%/ws_frame/extensions %D%/ws_frame/offer \
	%D%/ws_frame/deflate %D%/ws_frame/long %D%/ws_frame/ping %D%/ws_frame/plain
