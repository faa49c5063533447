/*
 * embed_reply - read what an embedding endpoint answers, the JSON object of
 * OpenAI's POST /v1/embeddings, which Ollama, llama.cpp and vLLM answer alike:
 *
 *	{"data":[{"index":0,"embedding":[0.1,-0.2,...]},...], ...}
 *
 * It is not trusted: whatever it is, it is read or refused.
 */
#ifndef EMBED_REPLY_H
#define EMBED_REPLY_H

#include <stddef.h>

#include "shared/err.h"
#include "shared/vector.h"

enum { EMBED_REPLY_BYTES = 4 << 20 };	/* 16 vectors of 4,096 numbers of 25 bytes take less than half of it */

/*
 * The vectors of n texts, in the order of the texts, all of the same length.
 * 0; -EBADMSG with e: it is not that (out is then undefined); -ENOMEM.
 */
int embed_reply_read(const char *json, size_t len, struct vector *out, unsigned n, struct err *e);

#endif
