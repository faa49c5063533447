/*
 * echo_stream - a stream that says what it hears: the relay's own connection
 * code as an echo server, so that conformance suites can be pointed at it.
 */
#ifndef ECHO_STREAM_H
#define ECHO_STREAM_H

#include "relay/stream.h"

extern const struct stream echo_stream;		/* at / */

#endif
