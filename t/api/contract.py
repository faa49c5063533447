"""The HTTP API as its own description has it: for tests that walk it.

A client over nginx's unix socket, the operations out of /api/openapi.json, and the
part of JSON Schema that the description uses.
"""
import http.client, json, re, socket, sys, time, urllib.parse

sys.dont_write_bytecode = True
OTHER = (500, 502, 503, 504)	# any operation may answer these, says the description at its top
LIMIT_S = 30		# an answer that takes longer hangs


class Reply:
    def __init__(self, status, headers, raw):
        self.status, self.headers, self.raw = status, headers, raw
        try:
            self.json = json.loads(raw)
        except ValueError:
            self.json = None

    def code(self):
        return self.json.get("code") if isinstance(self.json, dict) else None

    def __str__(self):
        return f"{self.status} {self.raw[:300]!r}"


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=LIMIT_S)
        self.unix = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(LIMIT_S)
        self.sock.connect(self.unix)


class Api:
    def __init__(self, path):
        self.unix, self.conn = path, None
        self.doc = self.call("GET", "/api/openapi.json").json

    def call(self, method, target, body=None, type_="application/json"):
        """target: path and query, as they go out.  body: an object, text or bytes."""
        headers = {}
        if body is not None:
            if not isinstance(body, (bytes, str)):
                body = json.dumps(body)
            body = body.encode() if isinstance(body, str) else body
            headers["Content-Type"] = type_
        if self.conn is None:
            self.conn = Connection(self.unix)
        try:
            self.conn.request(method, target, body, headers)
            r = self.conn.getresponse()
            reply = Reply(r.status, r.headers, r.read())
        except (http.client.HTTPException, ConnectionError):
            self.conn.close()
            self.conn = Connection(self.unix)
            self.conn.request(method, target, body, headers)
            r = self.conn.getresponse()
            reply = Reply(r.status, r.headers, r.read())
        if r.will_close:
            self.conn.close()
        return reply

    def bytes(self, raw, half=False):
        """What is answered to these bytes; half: nothing more comes.  None: closed without a word."""
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(LIMIT_S)
        s.connect(self.unix)
        try:
            s.sendall(raw)
            if half:
                s.shutdown(socket.SHUT_WR)
            r = http.client.HTTPResponse(s)
            try:
                r.begin()
                return Reply(r.status, r.headers, r.read())
            except (http.client.HTTPException, ConnectionError):
                return None
        finally:
            s.close()

    def operations(self):
        for path, methods in self.doc["paths"].items():
            for method, op in methods.items():
                yield Operation(self, method.upper(), path, op)

    def ref(self, node):
        while "$ref" in node:
            more = {k: v for k, v in node.items() if k != "$ref"}
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part] if part != "components" else self.doc["components"]
            node = {**found, **more}
        return node

    def wrong(self, schema, value, at="$"):
        """Where value is not as the schema says: a list of sentences.  What it does not describe may not be there."""
        s = self.ref(schema)
        if "allOf" in s:
            parts = [self.ref(one) for one in s["allOf"]]
            s = {"type": "object", "required": [name for p in parts for name in p["required"]],
                 "properties": {name: one for p in parts for name, one in p["properties"].items()}}
        if "anyOf" in s:
            tried = [self.wrong(one, value, at) for one in s["anyOf"]]
            return [] if [] in tried else tried[0]
        bad = []
        if "const" in s and value != s["const"]:
            bad.append(f"{at}: {value!r} is not {s['const']!r}")
        if "enum" in s and value not in s["enum"]:
            bad.append(f"{at}: {value!r} is none of {s['enum']}")
        types = s.get("type", [])
        types = [types] if isinstance(types, str) else types
        if types and not any(is_type(value, t) for t in types):
            return bad + [f"{at}: {value!r} is no {'|'.join(types)}"]
        if is_type(value, "number"):
            if value < s.get("minimum", value) or value > s.get("maximum", value):
                bad.append(f"{at}: {value} is out of range")
        elif isinstance(value, str):
            if not s.get("minLength", 0) <= len(value) <= s.get("maxLength", len(value)):
                bad.append(f"{at}: {len(value)} characters")
            if "pattern" in s and not re.search(s["pattern"], value):
                bad.append(f"{at}: {value!r} is not like {s['pattern']}")
        elif isinstance(value, list):
            if len(value) > s.get("maxItems", len(value)):
                bad.append(f"{at}: {len(value)} items")
            for i, one in enumerate(value):
                bad += self.wrong(s.get("items", {}), one, f"{at}[{i}]")
        elif isinstance(value, dict):
            bad += [f"{at}: no {name}" for name in s.get("required", []) if name not in value]
            other = s.get("additionalProperties", "properties" not in s)
            for name, one in value.items():
                sub = s.get("properties", {}).get(name, other)
                if sub is False:
                    bad.append(f"{at}: {name} is not described")
                elif sub is not True:
                    bad += self.wrong(sub, one, f"{at}.{name}")
        return bad


def is_type(v, t):
    number = isinstance(v, (int, float)) and not isinstance(v, bool)
    return {"object": isinstance(v, dict), "array": isinstance(v, list), "string": isinstance(v, str),
            "boolean": isinstance(v, bool), "null": v is None, "number": number,
            "integer": number and float(v).is_integer() and not isinstance(v, float)}[t]


class Operation:
    def __init__(self, api, method, path, op):
        self.api, self.method, self.path, self.id = api, method, path, op["operationId"]
        params = [{"ref": p.get("$ref", ""), **api.ref(p)} for p in op.get("parameters", [])]
        self.query = [p for p in params if p["in"] == "query"]
        self.id_kind = next((p["ref"].rsplit("/", 1)[-1] for p in params if p["in"] == "path"), None)
        content = op.get("requestBody", {}).get("content", {})
        self.takes = next(iter(content), None)
        self.body = api.ref(content[self.takes]["schema"]) if self.takes else None
        self.responses = {s: api.ref(r) for s, r in op["responses"].items()}

    def target(self, id_=None, query=None):
        path = self.path.replace("{id}", urllib.parse.quote(id_, safe="")) if id_ is not None else self.path
        return path + ("?" + urllib.parse.urlencode(query) if query else "")

    def wrong(self, reply):
        """What is not as described about a reply to this operation."""
        described = self.responses.get(str(reply.status), self.responses["default"] if reply.status in OTHER else None)
        if described is None:
            return [f"status {reply.status} is not described"]
        bad = []
        for type_, content in described.get("content", {}).items():
            if not reply.headers.get("Content-Type", "").startswith(type_):
                bad.append(f"Content-Type is {reply.headers.get('Content-Type')}")
            if type_ == "application/json":
                bad += self.api.wrong(content["schema"], reply.json) if reply.json is not None else ["no JSON"]
        if "x-codes" in described and reply.code() not in described["x-codes"]:
            bad.append(f"code {reply.code()} is none of {described['x-codes']}")
        return bad

    def documented(self):
        """Every (operation, status, code) that is described; code "" for a success."""
        for status, r in self.responses.items():
            if status != "default":
                for code in r.get("x-codes", [""]):
                    yield (self.id, status, code)


def until(seconds, ask):
    end = time.monotonic() + seconds
    while not (got := ask()) and time.monotonic() < end:
        time.sleep(0.05)
    return got
