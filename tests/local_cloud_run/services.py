"""Sources of the tiny services that the tests run: one that does everything, and one per fault."""

from __future__ import annotations

from textwrap import dedent

ALL_ROUND = dedent('''
    """HTTP, streams, server-sent events and WebSockets; stops on SIGTERM."""
    import base64, hashlib, http.server, json, os, signal, socketserver, struct, sys, time

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def do_GET(self):
            name = self.path.partition("?")[0].strip("/").replace("/", "_") or "inspect"
            getattr(self, "get_" + name, self.get_inspect)()

        do_HEAD = do_DELETE = do_OPTIONS = do_GET

        def argument(self, default="0"):
            return self.path.partition("?")[2] or default

        def answer(self, body, status=200, **headers):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def get_inspect(self):
            seen = {"method": self.command, "path": self.path, "pid": os.getpid(),
                    "host": os.uname().nodename,
                    "headers": {k.lower(): v for k, v in self.headers.items()},
                    "env": dict(os.environ)}
            self.answer(json.dumps(seen).encode(), Content_Type="application/json")

        def get_status(self):
            self.answer(b"as asked", int(self.argument("200")), Connection="X-Private",
                        X_Private="for this hop", X_Public="for all")

        def get_sleep(self):
            print("asleep", flush=True)
            time.sleep(float(self.argument()))
            self.answer(os.uname().nodename.encode())

        def get_exit(self):
            os._exit(int(self.argument()))

        def get_half(self):
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"half")
            self.wfile.flush()
            os._exit(3)

        def get_big(self):
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            piece = bytes(65536)
            for _ in range(int(self.argument()) // len(piece)):
                self.wfile.write(b"%x\\r\\n%s\\r\\n" % (len(piece), piece))
            self.wfile.write(b"0\\r\\n\\r\\n")

        def get_events(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            self.close_connection = True
            for number in range(1000):
                self.wfile.write(b"data: %d\\n\\n" % number)
                self.wfile.flush()
                time.sleep(0.05)

        def get_say(self):
            print(base64.b64decode(self.argument()).decode(), flush=True)
            print("and on stderr", file=sys.stderr, flush=True)
            self.answer(b"said")

        def get_flood(self):
            line = "x" * 99
            for _ in range(int(self.argument())):
                print(line)
            self.answer(b"flooded")

        def do_POST(self):
            digest, size = hashlib.sha256(), 0
            for piece in self.body():
                digest.update(piece)
                size += len(piece)
            self.answer(json.dumps({"size": size, "sha256": digest.hexdigest()}).encode())

        def body(self):
            if "Content-Length" in self.headers:
                left = int(self.headers["Content-Length"])
                while left:
                    piece = self.rfile.read(min(left, 65536))
                    left -= len(piece)
                    yield piece
                return
            while size := int(self.rfile.readline(), 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()

        def get_ws(self):
            key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
            self.send_response(101)
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "Upgrade")
            accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
            self.send_header("Sec-WebSocket-Accept", accept)
            if "Sec-WebSocket-Protocol" in self.headers:
                chosen = self.headers["Sec-WebSocket-Protocol"].split(",")[-1].strip()
                self.send_header("Sec-WebSocket-Protocol", chosen)
            self.end_headers()
            self.close_connection = True
            kind = None
            while kind != 8:
                first, length = self.rfile.read(2)
                kind, length = first & 15, length & 127
                if length == 126:
                    length = struct.unpack(">H", self.rfile.read(2))[0]
                elif length == 127:
                    length = struct.unpack(">Q", self.rfile.read(8))[0]
                mask = self.rfile.read(4)
                body = self.rfile.read(length)
                body = bytes(b ^ mask[i % 4] for i, b in enumerate(body))
                if kind == 8:
                    print("closed with", *struct.unpack(">H", body[:2]), flush=True)
                if body == b"die":
                    os._exit(4)
                size = bytes([length]) if length < 126 else b"\\x7e" + struct.pack(">H", length)
                self.wfile.write(bytes([128 | (10 if kind == 9 else kind)]) + size + body)
                self.wfile.flush()

        def log_message(self, *arguments):
            pass

    class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
        daemon_threads = True
        request_queue_size = 512
        address_family = 2

    def stop(*_):
        print("SIGTERM seen", flush=True)
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    time.sleep(float(os.environ.get("START_SECONDS", "0")))
    print("listening", flush=True)
    Server(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
''')

CRASHES = dedent("""
    import sys
    print("about to fail")
    sys.exit("no DATABASE_URL")
""")

NEVER_LISTENS = dedent("""
    import signal, sys
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print("working on it")
    while True:
        signal.pause()
""")

LISTENS_ON = dedent("""
    import signal, socket, sys
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = socket.create_server(("{host}", {port}))
    print("listening on {host}:{port}")
    kept = []
    while True:
        kept.append(server.accept())
""")
OTHER_PORT = LISTENS_ON.format(host="0.0.0.0", port=9999)
LOOPBACK_ONLY = LISTENS_ON.format(host="127.0.0.1", port=8080)

TOO_BIG = dedent("""
    kept = []
    while True:
        kept.append(b"x" * 10_000_000)
""")

IGNORES_SIGTERM = dedent("""
    import os, signal, socket
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    server = socket.create_server(("0.0.0.0", int(os.environ["PORT"])))
    kept = []
    while True:
        kept.append(server.accept())
""")

JOB = dedent('''
    """A job that does what its arguments say, after telling what it was given."""
    import json, os, signal, sys, time

    print(json.dumps({"message": "given", "args": sys.argv[1:], "env": dict(os.environ)}))
    attempt = int(os.environ["CLOUD_RUN_TASK_ATTEMPT"])
    what, *value = sys.argv[1:] or ["exit", "0"]
    if what == "exit":
        print("on stderr", file=sys.stderr)
        sys.exit(int(value[0]))
    if what == "fail-first":
        sys.exit(0 if attempt else 1)
    if what == "sleep":
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        print("asleep")
        time.sleep(float(value[0]))
    if what == "eat":
        kept = []
        while True:
            kept.append(b"x" * 10_000_000)
''')
