/*
 * openapi_json - the OpenAPI 3.1 description of the HTTP API: fcgi/api/openapi/
 * joined into one JSON text by the build (local.mk).
 */
#ifndef OPENAPI_JSON_H
#define OPENAPI_JSON_H

#include <stddef.h>

extern const char openapi_json[];	/* ASCII, not NUL-terminated */
extern const size_t openapi_json_len;

#endif
