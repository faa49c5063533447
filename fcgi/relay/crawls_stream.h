/*
 * crawls_stream - /api/crawl/stream: all live crawls on one connection, first
 * one snapshot for each, then every change as in the stream of one.
 */
#ifndef CRAWLS_STREAM_H
#define CRAWLS_STREAM_H

#include "relay/stream.h"

extern const struct stream crawls_stream;	/* the owner of the server is a struct relay */

#endif
