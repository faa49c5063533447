/*
 * ws_frame - the bytes of RFC 6455, section 5.2: read and write frame headers,
 * unmask payloads, check close codes.  No I/O and no state, so the answer
 * depends on the bytes alone, however they were split on their way here.
 */
#ifndef WS_FRAME_H
#define WS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ws_opcode {
	WS_CONT = 0x0, WS_TEXT = 0x1, WS_BINARY = 0x2,
	WS_CLOSE = 0x8, WS_PING = 0x9, WS_PONG = 0xa,
};

enum {
	WS_HEADER_MAX = 14,
	WS_CONTROL_MAX = 125,		/* payload of a control frame */
	WS_KEY_BYTES = 24,		/* Sec-WebSocket-Key, base64 */
	WS_ACCEPT_BYTES = 29,		/* Sec-WebSocket-Accept, base64, and NUL */
};

struct ws_header {
	enum ws_opcode opcode;
	bool	 fin, masked;
	uint8_t	 mask[4];
	uint64_t payload_bytes;
	size_t	 header_bytes;		/* where the payload starts */
};

enum ws_peer { WS_FROM_CLIENT, WS_FROM_SERVER };	/* clients must mask, servers must not */

/*
 * Read one frame header from the start of buf.
 *
 *	0		*h is filled; the payload may not have arrived yet
 *	-EAGAIN		buf ends inside the header: call again with more bytes
 *	-EPROTO		the peer broke the protocol: close with 1002
 *	-EMSGSIZE	payload over max_payload_bytes: close with 1009
 */
int ws_header_parse(const void *buf, size_t len, enum ws_peer from,
    uint64_t max_payload_bytes, struct ws_header *h);

/* Write the header of a whole (FIN) frame; bytes written.  mask NULL: not masked. */
size_t ws_header_write(uint8_t out[WS_HEADER_MAX], enum ws_opcode op,
    uint64_t payload_bytes, const uint8_t mask[4]);

/* XOR len bytes with mask in place, the first being byte at of the payload. */
void ws_mask(uint8_t *p, size_t len, const uint8_t mask[4], uint64_t at);

/* May this code be sent in a Close frame (RFC 6455, 7.4, and the IANA registry)? */
bool ws_close_code_valid(unsigned code);

/* The answer to a client's key (RFC 6455, 4.2.2); out is NUL-terminated. */
void ws_accept_key(char out[WS_ACCEPT_BYTES], const char *key, size_t len);

#endif
