#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What mount.gatehouse meets, for mount_gatehouse_doctor.test: FOLDER STUCK. A gateway at 127.0.0.1:8470 that answers with
FOLDER/answer, keeps reports in FOLDER/report, and touches FOLDER/seen when the token stands among the arguments of any
process while it is asked; servers at 127.0.0.2 that answer calls and at 127.0.0.3 that take connections and say nothing; and
at STUCK a FUSE file system that reads what it is asked and never answers. Says "ready", and ends with its standard input."""
import ctypes
import glob
import hashlib
import http.server
import os
import socket
import struct
import sys
import threading

FOLDER, STUCK = sys.argv[1:]
TOKEN = "gh_secret"


def token_is_shown():
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as file:
                if TOKEN.encode() in file.read():
                    return True
        except OSError:
            pass
    return False


class Gateway(http.server.BaseHTTPRequestHandler):
    def reply(self, status, body=b"", tag=None):
        self.send_response(status)
        if tag:
            self.send_header("ETag", tag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def is_known(self):
        if token_is_shown():
            open(FOLDER + "/seen", "w").close()
        if self.headers["Authorization"] == "Bearer " + TOKEN:
            return True
        self.reply(401)
        return False

    def do_GET(self):
        if not self.is_known():
            return
        with open(FOLDER + "/answer", "rb") as file:
            body = file.read()
        tag = '"' + hashlib.sha256(body).hexdigest()[:16] + '"'
        same = self.headers["If-None-Match"] == tag
        self.reply(304 if same else 200, b"" if same else body, tag)

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.is_known():
            return
        assert self.headers["Content-Type"] == "application/json"
        with open(FOLDER + "/report", "wb") as file:
            file.write(body)
        self.reply(200, b"{}")

    def log_message(self, *_):
        pass


def answer(connection):
    """Each call of RFC 5531 is answered as a program that is not known: what any server may say to anybody."""
    with connection:
        call = connection.recv(1024)
        if len(call) == 44:
            connection.sendall(struct.pack(">I4sIIIII", 0x80000018, call[4:8], 1, 0, 0, 0, 1))
            connection.recv(1)


def listen(address, port, talk):
    with socket.create_server((address, port)) as server:
        kept = []
        while True:
            connection = server.accept()[0]
            kept.append(connection)
            if talk:
                threading.Thread(target=answer, args=(connection,), daemon=True).start()


def mount_stuck():
    """The kernel asks INIT first, and is answered (linux/fuse.h); who asks then waits where no signal reaches."""
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"127.0.0.2:/data/s", STUCK.encode(), b"fuse", 0, options) != 0:
        raise OSError(ctypes.get_errno(), "mount of FUSE")
    unique = struct.unpack_from("=IIQ", os.read(device, 1 << 18))[2]
    os.write(device, struct.pack("=IiQIIIIHHI40x", 16 + 64, 0, unique, 7, 31, 0, 0, 12, 9, 4096))
    while True:
        os.read(device, 1 << 18)


gateway = http.server.ThreadingHTTPServer(("127.0.0.1", 8470), Gateway)
for work in (gateway.serve_forever, mount_stuck, lambda: listen("127.0.0.2", 2049, True), lambda: listen("127.0.0.2", 24007, True),
             lambda: listen("127.0.0.3", 2049, False)):
    threading.Thread(target=work, daemon=True).start()
print("ready", flush=True)
sys.stdin.read()
