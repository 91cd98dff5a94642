#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""kssl adopt: the sockets of programs that know nothing of kssl."""

import contextlib
import hashlib
import json
import os
import pathlib
import re
import select
import signal
import socket
import ssl
import subprocess
import tempfile
import threading

from lib import tap, tls
from lib.kssl import Client, eventually, no_objects
from lib.tap import Skip, eq, test

TOP = pathlib.Path(__file__).resolve().parents[2]
TOOL = TOP / "tools/kssl/kssl"
EQUAL = TOP / "tests/cli/equal.py"
USAGE, REFUSED = 1, 2
SUITE12 = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
OTHER12 = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
SUITE13 = "TLS_AES_256_GCM_SHA384"
OTHER13 = "TLS_AES_128_GCM_SHA256"
VERSIONS = (("TLS 1.2", ssl.TLSVersion.TLSv1_2, ["suite", SUITE12],
             ["tx", "rx"]),
            ("TLS 1.3", ssl.TLSVersion.TLSv1_3, [], ["tx"]))
SIZE = 16 << 20	# more than fits into a socket

# What every program of OpenSSL reads, so that it need not know of kTLS.
OPENSSL_CONF = """openssl_conf = init
[init]
ssl_conf = ssl
[ssl]
system_default = defaults
[defaults]
Options = KTLS
"""

NGINX_CONF = """daemon off;
user root;
worker_processes 1;
pid {dir}/pid;
error_log {dir}/log;
events {{ worker_connections 64; }}
http {{
	access_log off;
	client_body_temp_path {dir};
	proxy_temp_path {dir};
	fastcgi_temp_path {dir};
	uwsgi_temp_path {dir};
	scgi_temp_path {dir};
	sendfile on;
	server {{
		listen 127.0.0.1:{port} ssl;
		root {dir}/www;
		ssl_certificate {dir}/certificate;
		ssl_certificate_key {dir}/key;
		ssl_protocols TLSv1.2 TLSv1.3;
	}}
}}
"""

SERVER = """
import os, socket, ssl, sys, threading
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("certificate", "key")
context.num_tickets = 0
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
sock = context.wrap_socket(listener.accept()[0], server_side=True)
second = os.dup(sock.fileno())
print(sock.fileno(), flush=True)
def churn():
    while True:
        for end in socket.socketpair():
            end.close()
threading.Thread(target=churn, daemon=True).start()
sock.recv(1)
data = open("data", "rb").read()
for at in range(0, len(data), 5000):
    sock.sendall(data[at:at + 5000])
sock.recv(1)
"""

# Lets the server begin, kills it in the middle, and goes on in its place.
SUCCESSOR = """
import os, pathlib, signal, socket, sys
sys.path.insert(0, sys.argv[1])
from lib.kssl import Client, eventually, position
from lib import tls
pid = int(sys.argv[2])
nl = Client()
conn = nl.import_fd(int(os.environ["KSSL_FD"]))["id"]
print("ready", flush=True)
eventually(lambda: nl.get(conn).get("sent", 0) > 200000, "it sends", 60)
os.kill(pid, signal.SIGKILL)
gone = lambda: pathlib.Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
eventually(gone, "it is dead", 60)
with socket.socket(fileno=nl.sock_fd(conn)) as sock:
    # A record that was left open is closed.
    sock.sendmsg([b""], [(tls.SOL_TLS, 1, bytes([23]))])
    at, _ = position(nl, conn, 60)
    print(at, flush=True)
    sock.sendall(pathlib.Path("data").read_bytes()[at:])
    sock.shutdown(socket.SHUT_WR)
"""


class Stage:
    """A directory with a certificate, data and configurations."""

    def __init__(self):
        self._dir = tempfile.TemporaryDirectory()
        self.dir = pathlib.Path(self._dir.name)
        self.dir.chmod(0o755)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
             "/CN=localhost", "-addext",
             "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
             self.dir / "key", "-out", self.dir / "certificate"],
            check=True, capture_output=True)
        self.data = os.urandom(SIZE)
        (self.dir / "www").mkdir()
        for name in "data", "www/data":
            (self.dir / name).write_bytes(self.data)
        (self.dir / "openssl.cnf").write_text(OPENSSL_CONF, "ascii")
        self.env = {**os.environ,
                    "OPENSSL_CONF": str(self.dir / "openssl.cnf")}

    def close(self):
        self._dir.cleanup()

    @contextlib.contextmanager
    def run(self, *command, **kwargs):
        """A program with that configuration, until it is no longer needed."""
        with subprocess.Popen(command, cwd=self.dir, env=self.env, text=True,
                              **kwargs) as process:
            try:
                yield process
            finally:
                process.kill()

    @contextlib.contextmanager
    def nginx(self):
        """Debian's nginx: its port, and the pid of the worker."""
        where = os.environ.get("KSSL_NGINX")
        if not where:
            raise Skip("KSSL_NGINX names no nginx")
        with socket.create_server(("127.0.0.1", 0)) as sock:
            port = sock.getsockname()[1]
        config = self.dir / "nginx.conf"
        config.write_text(NGINX_CONF.format(dir=self.dir, port=port), "ascii")
        with self.run(f"{where}/usr/sbin/nginx", "-p", str(self.dir), "-e",
                      str(self.dir / "log"), "-c", str(config)) as master:
            eventually(lambda: connects(port), "nginx listens", 60)
            pid = master.pid
            children = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
            eventually(lambda: children.read_text("ascii"), "it has a worker",
                       60)
            worker, = map(int, children.read_text("ascii").split())
            try:
                yield port, worker
            finally:
                master.send_signal(signal.SIGTERM)
                master.wait()

    @contextlib.contextmanager
    def server(self):
        """A server in Python: its port, and its process."""
        with self.run("/usr/bin/python3", "-c", SERVER,
                      stdout=subprocess.PIPE) as process:
            yield int(process.stdout.readline()), process

    def client(self, version, port):
        context = ssl.create_default_context(
            cafile=self.dir / "certificate")
        context.minimum_version = context.maximum_version = version
        sock = socket.create_connection(("127.0.0.1", port))
        sock.settimeout(120)
        return context.wrap_socket(sock, server_hostname="localhost")


def connects(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True


class Download(threading.Thread):
    """Takes a file from nginx, slowly until it is told to hurry."""

    def __init__(self, sock):
        super().__init__()
        self.sock = sock
        self.hurry = threading.Event()
        self.got = b""
        self.start()

    def run(self):
        with self.sock:
            self.sock.sendall(b"GET /data HTTP/1.0\r\n\r\n")
            parts = []
            while part := self.sock.recv(16384):
                parts.append(part)
                self.hurry.wait(0.05)
        self.got = b"".join(parts).partition(b"\r\n\r\n")[2]


def kssl(*words, **kwargs):
    return subprocess.run([TOOL, *map(str, words)], text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          **kwargs)


def said(*words):
    result = kssl("-j", *words)
    eq((result.returncode, result.stderr), (0, ""))
    return json.loads(result.stdout)


def refusal(text, *words, status=REFUSED, uid=None):
    result = kssl("adopt", *words, user=uid)
    eq((result.returncode, result.stdout), (status, ""))
    assert text in result.stderr, result.stderr


def digest(data):
    return hashlib.sha256(data).hexdigest()


def no_sockets():
    stat = tls.stat()
    return not any(stat[name] for name in ("TlsCurrTxSw", "TlsCurrRxSw"))


def by_nginx(stage):
    # One call for clients of both versions.
    named = "role", "server", "suite", SUITE12
    for name, version, suite, directions in VERSIONS:
        with test(f"an unmodified nginx, {name}"), stage.nginx() as service, \
                Client() as nl:
            port, worker = service
            refusal(f"process {worker} has no socket that does kernel TLS",
                    worker, "role", "server")
            download = Download(stage.client(version, port))
            try:
                eventually(lambda: not no_sockets(), "nginx does kTLS", 60)
                seen, = said("adopt", worker, *named)
                eq((seen["state"], seen["settings"]["role"]),
                   ("established", "server"))
                eq(seen["version"], f"tls{name[4:]}")
                eq(said("-s", "conn", "show", "id", seen["id"])[0]
                   ["directions"], directions)
                # It is there without the tool, for whoever looks.
                found, = [conn for ctx in said("show", "pids")
                          for conn in ctx["connections"]]
                eq((found["id"], found["pids"]), (seen["id"], [worker]))
                eq(found["suite"], SUITE12 if suite else SUITE13)
                again, = said("adopt", worker, *named)
                eq(again["id"], seen["id"])
            finally:
                download.hurry.set()
                download.join()
            eq(digest(download.got), digest(stage.data))
            eventually(lambda: no_objects(nl), "it goes with its socket", 60)


def by_python(stage):
    for name, version, suite, _ in VERSIONS:
        with test(f"handed on to another program, {name}"), \
                stage.server() as service, Client() as nl:
            port, process = service
            client = stage.client(version, port)
            fd = int(process.stdout.readline())
            file = f"{process.pid}/{fd}"
            with client, stage.run(
                    str(TOOL), "adopt", file, "role", "server", *suite,
                    "keep", "on", "fd", "all", "exec", "/usr/bin/python3",
                    "-c", SUCCESSOR, str(TOP / "tests/functional"),
                    str(process.pid), stdout=subprocess.PIPE) as successor:
                eq(successor.stdout.readline(), "ready\n")
                client.sendall(b"x")
                got = bytearray()
                spoken = []
                with contextlib.suppress(ssl.SSLEOFError):
                    while part := client.recv(16384):
                        got += part
                        # Slowly, until the server is dead.
                        spoken = spoken or select.select(
                            [successor.stdout], [], [], 0.01)[0]
                at = int(successor.stdout.readline())
                assert 0 < at < SIZE, at
                tap.note(f"the successor went on at {at}")
                eq(digest(got), digest(stage.data))
                eq(successor.wait(), 0)
            eventually(lambda: no_objects(nl), "all is gone", 60)


def refusals(stage):
    with test("what cannot be adopted is said"), stage.server() as service:
        port, process = service
        pid = process.pid
        with stage.client(ssl.TLSVersion.TLSv1_2, port):
            fd = int(process.stdout.readline())
            server = "role", "server"
            for words, text in (
                    ((), "needs PID or PID/FD"),
                    (("x", *server), "needs PID or PID/FD"),
                    ((0, *server), "needs PID or PID/FD"),
                    ((f"{pid}/", *server), "needs PID or PID/FD"),
                    ((pid,), "\"role\" is missing"),
                    ((pid, "role", "both"), "role"),
                    ((pid, *server, "suite", "X"), "suite"),
                    ((pid, *server, "socket"), "needs PID/FD"),
                    ((pid, *server, "foo"), '"foo" is not expected')):
                refusal(text, *words, status=USAGE)
            refusal("only in TLS 1.3 a cipher tells the suite",
                    f"{pid}/{fd}", *server)
            refusal("not of the adopted key's cipher", f"{pid}/{fd}", *server,
                    "suite", OTHER12)
            refusal("the settings do not list the cipher suite",
                    f"{pid}/{fd}", *server, "suite", SUITE12, "cipher-list",
                    OTHER12)
            with stage.server() as other:
                newer, process = other
                with stage.client(ssl.TLSVersion.TLSv1_3, newer):
                    file = f"{process.pid}/{int(process.stdout.readline())}"
                    refusal("not of the adopted key's cipher", file, *server,
                            "suite", OTHER13)
            refusal("does no kernel TLS", f"{pid}/0", *server)
            refusal(f"process {pid} has no file 99", f"{pid}/99", *server)
            refusal("there is no process 4194303", 4194303, *server)
            thread, = set(os.listdir(f"/proc/{pid}/task")) - {str(pid)}
            refusal(f"kssl: process {thread}: ", thread, *server)
            refusal("ptrace(2)", f"{pid}/{fd}", *server, uid=1000)
            eq(said("show"), [])
            seen, = said("adopt", f"{pid}/{fd}", *server, "suite",
                         f"{OTHER12}:{SUITE12}")
            eq(seen["suite"], SUITE12)
            refusal("belongs to another connection", f"{pid}/{fd}", *server,
                    "suite", SUITE12)


def alike(stage):
    with test("text and JSON say the same"), stage.server() as service:
        port, process = service
        with stage.client(ssl.TLSVersion.TLSv1_3, port):
            process.stdout.readline()
            seen = said("adopt", process.pid, "role", "server")
            eq(len(seen), 1, "two descriptors are one socket")
            paths = [stage.dir / kind for kind in ("text", "json")]
            for path, option in zip(paths, ((), ("-j",))):
                result = kssl(*option, "adopt", process.pid, "role", "server")
                eq((result.returncode, result.stderr), (0, ""))
                same = re.sub(r" age [\d.]+", " age 1.000",
                              result.stdout)
                same = re.sub(r'"age":\d+', '"age":1000', same)
                path.write_text(same, "utf-8")
            differs = subprocess.run(["python3", EQUAL, *paths], text=True,
                                     capture_output=True, check=False)
            eq(differs.returncode, 0, differs.stdout)


def to_program(stage):
    with test("with exec, all output is the program's"), \
            stage.server() as service:
        port, process = service
        with stage.client(ssl.TLSVersion.TLSv1_3, port):
            process.stdout.readline()
            for option in (), ("-j",):
                result = kssl(*option, "adopt", process.pid, "role", "server",
                              "exec", "echo", "hello")
                eq((result.returncode, result.stdout, result.stderr),
                   (0, "hello\n", ""))


def main():
    stage = Stage()
    subprocess.run(["modprobe", "tls"], check=True)
    by_nginx(stage)
    by_python(stage)
    refusals(stage)
    alike(stage)
    to_program(stage)
    stage.close()
    tap.done()


if __name__ == "__main__":
    main()
