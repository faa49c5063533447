/*
 * logs_stream - /api/mcp/logs/stream: the last 50 entries of the log, or those
 * after ?since=, then each as it comes, from ?level= up.  Entries that are
 * pending go out in one write; who is overrun is told how many it missed.
 */
#ifndef LOGS_STREAM_H
#define LOGS_STREAM_H

#include "relay/stream.h"

extern const struct stream logs_stream;		/* the owner of the server is a struct relay */

#endif
