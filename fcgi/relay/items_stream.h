/*
 * items_stream - /api/knowledge-items/stream: the first page of knowledge items,
 * then after every change the page again and the event that caused it.
 */
#ifndef ITEMS_STREAM_H
#define ITEMS_STREAM_H

#include "relay/stream.h"

extern const struct stream items_stream;	/* the owner of the server is a struct relay */

#endif
