/*
 * progress_stream - /api/crawl-progress/{id}: the newest state of one crawl, or
 * the news that it is waited for, then every change until the terminal one.
 */
#ifndef PROGRESS_STREAM_H
#define PROGRESS_STREAM_H

#include "relay/stream.h"

extern const struct stream progress_stream;	/* the owner of the server is a struct relay */

#endif
