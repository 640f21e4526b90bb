# SPDX-License-Identifier: GPL-2.0-or-later
"""Requests as they are sent, and the server that they are sent to."""

import dataclasses
import http.client
import json
import socket
import subprocess
import urllib.parse


@dataclasses.dataclass
class Call:
    operation: object
    path: dict = dataclasses.field(default_factory=dict)
    query: list = dataclasses.field(default_factory=list)  # of (name, value)
    headers: dict = dataclasses.field(default_factory=dict)
    json: object = None
    body: bytes = None  # as it is sent; made of json unless it is there
    raw_path: str = None

    def target(self):
        if self.raw_path is not None:
            return self.raw_path
        path = self.operation.path
        for name, value in self.path.items():
            path = path.replace("{%s}" % name, urllib.parse.quote(str(value), safe=""))
        query = urllib.parse.urlencode(self.query)
        return path + ("?" + query if query else "")

    def bytes(self):
        if self.body is not None or self.operation.body is None:
            return self.body
        if self.operation.media == "application/x-www-form-urlencoded":
            return urllib.parse.urlencode({k: text_of(v) for k, v in self.json.items()}).encode()
        return json.dumps(self.json).encode()

    def __str__(self):
        return f"{self.operation.method} {self.target()} {self.headers} {(self.bytes() or b'')[:2000]!r}"


def text_of(value):
    return value if isinstance(value, str) else json.dumps(value)


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict  # names in small letters
    text: bytes

    def json(self):
        return json.loads(self.text)


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.unix_path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(60)
        self.sock.connect(self.unix_path)


class Server:
    """The program of tests/property/api_server.c."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        port, self.unix_path = self.process.stdout.readline().split()
        self.port, self.connections = int(port), {}

    def revision(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def send(self, call, token=None):
        """As the operator by the Unix socket; with `token`, over TCP, "" = without any."""
        headers, body = dict(call.headers), call.bytes()
        if token:
            headers["Authorization"] = "Bearer " + token
        if body is not None and "Content-Type" not in headers:
            headers["Content-Type"] = call.operation.media or "application/json"
        headers = {name: value for name, value in headers.items() if value is not None}
        for last in (False, True):
            connection = self.connections.pop(token is None, None) or (
                UnixConnection(self.unix_path) if token is None
                else http.client.HTTPConnection("127.0.0.1", self.port, timeout=60))
            try:
                connection.request(call.operation.method, call.target(), body=body, headers=headers)
                reply = connection.getresponse()
                text = reply.read()
            except (http.client.RemoteDisconnected, ConnectionError, BrokenPipeError):
                connection.close()  # it was idle for too long; a new one must not end so
                if last:
                    raise
                continue
            self.connections[token is None] = connection
            return Answer(reply.status, {n.lower(): v for n, v in reply.getheaders()}, text)

    def cut_off(self, call):
        """Hangs up a byte before the end of a request's body; as the operator."""
        body = call.bytes()
        head = [f"{call.operation.method} {call.target()} HTTP/1.1", "Host: x", f"Content-Type: {call.operation.media}"]
        head += [f"{name}: {value}" for name, value in call.headers.items()] + [f"Content-Length: {len(body) + 1}", "", ""]
        connection = UnixConnection(self.unix_path)
        connection.connect()
        connection.sock.sendall("\r\n".join(head).encode() + body)
        connection.close()

    def stream(self, call, most):
        """Status, content type and the first lines of a reply that has no end; at most `most`, and not for ever."""
        connection = UnixConnection(self.unix_path)
        connection.request(call.operation.method, call.target(), headers=call.headers)
        connection.sock.settimeout(20)
        reply, lines = connection.getresponse(), []
        try:
            while len(lines) < most:
                lines.append(reply.readline().decode().rstrip("\n"))
        except TimeoutError:
            pass
        connection.close()
        return reply.status, reply.getheader("Content-Type", ""), lines

    def stop(self):
        for connection in self.connections.values():
            connection.close()
        self.process.stdin.close()
        return self.process.wait(timeout=60)
