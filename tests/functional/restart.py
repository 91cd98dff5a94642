#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A server that is restarted and crashes, and clients that notice nothing."""

import contextlib
import hashlib
import os
import pathlib
import random
import re
import resource
import select
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

from lib import process, tap, tls
from lib.kssl import Client, K, eventually, no_objects, position
from lib.tap import eq, test

TOP = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = TOP / "tools/examples"
PORT = 4433
TIMEOUT = 120
# One kernel has the many, as most of their time goes into starting programs.
MANY = not tap.QUICK and os.environ.get("KSSL_KERNEL", "6.1") == "6.1"
ROUNDS = 20 if MANY else 3
# Processes of each program and TLS version; curl has many connections in one.
PROGRAMS = 6 if MANY else 2
PARALLEL = 19 if MANY else 4
FILES = {"small": 5000, "half": 500000, "medium": 1300000, "large": 4000000}
VERSIONS = "1.2", "1.3"
SUITE12, CODE12 = "ECDHE-ECDSA-AES128-GCM-SHA256", 0xc02b
OP_ENABLE_KTLS = 8

work = pathlib.Path()
sums = {}


def write_file(name, size):
    data = os.urandom(size)
    (work / "www" / name).write_bytes(data)
    sums[name] = hashlib.sha256(data).hexdigest()


def prepare():
    """Files to serve, and a certificate."""
    (work / "www").mkdir()
    for name, size in FILES.items():
        write_file(name, size)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-days", "2",
         "-keyout", work / "key", "-out", work / "cert"],
        check=True, capture_output=True)


@contextlib.contextmanager
def small_buffers():
    """Else all of a file is in the socket before somebody is killed."""
    wanted = {"wmem": "4096 65536 131072", "rmem": "4096 131072 131072"}
    files = {name: pathlib.Path(f"/proc/sys/net/ipv4/tcp_{name}")
             for name in wanted}
    before = {name: file.read_text("ascii") for name, file in files.items()}
    for name, sizes in wanted.items():
        files[name].write_text(sizes, "ascii")
    try:
        yield
    finally:
        for name, sizes in before.items():
            files[name].write_text(sizes, "ascii")


USUAL = "in the kernel|taken over|request: |started|is ready"


def httpsd(*options):
    return [EXAMPLES / "httpsd", *options, "-v", "-p", str(PORT),
            work / "cert", work / "key", work / "www"]


class Program:
    """A process and what it says on its standard error."""

    def __init__(self, *command):
        self.log = work / f"log-{time.monotonic_ns()}"
        with open(self.log, "wb") as out:
            self.process = subprocess.Popen(command, stderr=out)

    def count(self, regex):
        return len(re.findall(regex, self.text()))

    def text(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def kill(self, number):
        self.process.send_signal(number)

    def end(self):
        self.process.terminate()
        self.process.wait(TIMEOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


class Server(Program):
    """The example server, and the keeper that starts it."""

    def __init__(self):
        # What is not completed in that time fails a test, however late it is.
        super().__init__(EXAMPLES / "keeper", *httpsd("-k", "-g", "60"))
        self.failures = tap.failures()
        try:
            self.ready(1)
        except AssertionError:
            self.end()
            raise

    def __exit__(self, why, *_):
        self.kill(signal.SIGCONT)
        self.end()
        if why or tap.failures() > self.failures:
            tap.note("the server's log, without what is usual:")
            tap.note(re.sub(f".*({USUAL}).*\n", "", self.text())[-3000:])

    def ready(self, count):
        eventually(lambda: self.count("is ready") >= count, "it is ready",
                   TIMEOUT)

    def generations(self):
        return self.count("started")

    def worker(self):
        return int(re.findall(r"started (\d+)", self.text())[-1])

    def kill_worker(self):
        """Kills it, and waits until there is another."""
        before = self.generations()
        os.kill(self.worker(), signal.SIGKILL)
        eventually(lambda: self.generations() > before, "a new one", TIMEOUT)

    def restart(self):
        before = self.generations()
        self.kill(signal.SIGHUP)
        eventually(lambda: self.generations() > before, "a new one", TIMEOUT)

    @contextlib.contextmanager
    def down(self):
        """While no worker runs, and none is started."""
        ready = self.count("is ready")
        self.kill(signal.SIGSTOP)
        os.kill(self.worker(), signal.SIGKILL)
        yield
        self.kill(signal.SIGCONT)
        self.ready(ready + 1)

    def handshakes(self):
        return self.count("in the kernel")


# Clients

def request(name, *fields):
    lines = [f"GET /{name} HTTP/1.1", *fields, "", ""]
    return "\r\n".join(lines).encode()


def body_size(data):
    """How long a response is that begins with data, or None."""
    head, end, _ = data.partition(b"\r\n\r\n")
    size = re.search(rb"Content-Length: (\d+)", head)
    return len(head) + len(end) + int(size[1]) if end else None


def check_body(data, name):
    head, _, body = data.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n"), head[:200]
    eq(hashlib.sha256(body).hexdigest(), sums[name], name)


class Typed:
    """openssl s_client or gnutls-cli, with requests typed into it."""

    def __init__(self, *command):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)

    def type(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def ask(self, name):
        self.type(request(name))

    def response(self, name):
        data, size = b"", None
        fd = self.process.stdout.fileno()
        while size is None or len(data) < size:
            assert select.select([fd], [], [], TIMEOUT)[0], (name, data[:200])
            part = os.read(fd, 1 << 16)
            assert part, f"the end after {len(data)} bytes of {name}"
            data += part
            size = body_size(data)
        eq(len(data), size)
        check_body(data, name)

    def end(self):
        self.process.kill()
        self.process.communicate()


def s_client(version, *options):
    return Typed("openssl", "s_client", "-quiet", "-connect",
                 f"localhost:{PORT}", "-CAfile", work / "cert",
                 "-verify_return_error", f"-tls{version.replace('.', '_')}",
                 *options)


def gnutls_cli(version):
    return Typed("gnutls-cli", "--logfile=/dev/null", "--x509cafile",
                 work / "cert", "--priority",
                 f"NORMAL:-VERS-ALL:+VERS-TLS{version}", "-p", str(PORT),
                 "localhost")


class Curl:
    """Files that curl fetches, one after the other or all at once."""

    def __init__(self, version, names, *options):
        self.names = names
        self.outs = [work / f"curl-{time.monotonic_ns()}-{number}"
                     for number in range(len(names))]
        urls = [word for name, out in zip(names, self.outs)
                for word in ("-o", out, f"https://localhost:{PORT}/{name}")]
        self.process = subprocess.Popen(
            ["curl", "-sS", "--no-progress-meter", "--cacert", work / "cert",
             f"--tlsv{version}", "--tls-max", version, "-w",
             "%{http_code} %{num_connects}\n", *options, *urls],
            stdout=subprocess.PIPE, encoding="ascii")

    def runs(self):
        return self.process.poll() is None

    def end(self):
        """Returns the connections that each file took."""
        said = self.process.communicate(timeout=TIMEOUT)[0].split()
        eq(self.process.returncode, 0, "curl's status")
        eq(said[::2], ["200"] * len(self.names))
        for name, out in zip(self.names, self.outs):
            eq(hashlib.sha256(out.read_bytes()).hexdigest(), sums[name], name)
            out.unlink()
        return sorted(said[1::2])


class Tls:
    """A client in this process, which reads when it is told to."""

    def __init__(self, port=PORT):
        context = ssl.create_default_context(cafile=work / "cert")
        plain = socket.create_connection(("localhost", port), TIMEOUT)
        self.sock = context.wrap_socket(plain, server_hostname="localhost")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def ask(self, name, *fields):
        self.sock.sendall(request(name, *fields))

    def read(self, wanted):
        """As much as that, or until the server has closed."""
        data = b""
        while len(data) < wanted and (part := self.sock.recv(1 << 16)):
            data += part
        return data

    def response(self, name, data=b""):
        while body_size(data) is None:
            part = self.sock.recv(1 << 16)
            assert part, "the connection ended"
            data += part
        data += self.read(body_size(data) - len(data))
        check_body(data, name)


class Watcher(threading.Thread):
    """Asks all the time, and notes how long it ever had to wait."""

    def __init__(self):
        super().__init__()
        self.client = Tls()
        self.stopped = False
        self.longest = 0
        self.answers = 0
        self.failure = None

    def run(self):
        try:
            while not self.stopped:
                start = time.monotonic()
                self.client.ask("small")
                self.client.response("small")
                self.longest = max(self.longest, time.monotonic() - start)
                self.answers += 1
                time.sleep(0.01)
        except (OSError, AssertionError) as why:
            self.failure = why
        self.client.sock.close()

    def end(self):
        self.stopped = True
        self.join()
        if self.failure:
            raise self.failure


# The many

class Crowd:
    """The clients, with a connection each."""

    def __init__(self, server):
        self.server = server
        self.typed = []
        self.connected = server.handshakes()
        for version in VERSIONS:
            for make in s_client, gnutls_cli:
                self.typed += [make(version) for _ in range(PROGRAMS)]
            self.more(len(self.typed))
        for client in self.typed:
            client.ask("small")
        for client in self.typed:
            client.response("small")
        self.curls, count = [], len(self.typed)
        for version in VERSIONS:
            for _ in range(2):
                self.curls.append(Curl(version, ["medium"] * PARALLEL, "-Z",
                                       "--parallel-immediate",
                                       "--limit-rate", "20K"))
            count += 2 * PARALLEL
        # One connection for both files.
        self.serial = [Curl(version, ["large", "small"], "--limit-rate",
                            "65K") for version in VERSIONS]
        self.watcher = Watcher()
        self.watcher.start()
        self.count = count + len(self.serial) + 1
        self.more(self.count)

    def download(self):
        """One more, when the machine is so slow that all others are done."""
        self.serial.append(Curl(random.choice(VERSIONS), ["large", "small"],
                                "--limit-rate", "65K"))
        self.count += 1
        self.more(self.count)

    def more(self, count):
        eventually(lambda: self.server.handshakes() - self.connected >= count,
                   f"{count} are connected", TIMEOUT)

    def half(self, some):
        """The first half of a request, whose rest comes with whole()."""
        for client in some:
            client.type(request("small")[:20])

    def whole(self, some):
        for client in some:
            client.type(request("small")[20:])

    def busy(self):
        return sum(curl.runs() for curl in self.curls + self.serial)

    def end(self):
        """All have to answer once more, and to be complete."""
        for client in self.typed:
            client.ask("small")
        for client in self.typed:
            client.response("small")
            client.end()
        self.watcher.end()
        for curl in self.curls:
            eq(curl.end(), ["1"] * PARALLEL, "connections of curl")
        for curl in self.serial:
            eq(curl.end(), ["0", "1"], "connections of curl")


def disturb(server, crowd):
    """Restarts and crashes; returns how often there was data on its way.

    Each second time it waits until the server has come to itself again.
    """
    rounds = [server.restart, server.kill_worker] * ROUNDS
    random.shuffle(rounds)
    busy = 0
    for number, end in enumerate(rounds):
        if not number % 2:
            some = random.sample(crowd.typed, 4)
            crowd.half(some)
        if not crowd.busy():
            crowd.download()
        time.sleep(random.uniform(0, 0.2))
        busy += bool(crowd.busy())
        end()
        if number % 2:
            crowd.whole(some)
            for client in some:
                client.response("small")
    return busy


def many():
    with Server() as server:
        before = tls.stat()["TlsTxSw"]
        start = time.monotonic()
        crowd = Crowd(server)
        tap.note(f"{crowd.count} connections in "
                 f"{time.monotonic() - start:.1f} s")
        with test(f"{2 * ROUNDS} restarts and crashes, {crowd.count} "
                  "connections, and each byte as it was"):
            start = time.monotonic()
            busy = disturb(server, crowd)
            tap.note(f"{server.generations()} generations in "
                     f"{time.monotonic() - start:.1f} s, {busy} times with "
                     "downloads on their way")
            crowd.end()
            assert busy > ROUNDS, f"data on its way {busy} times only"
        with test("no handshake but the first of each"):
            eq(server.handshakes(), crowd.count)
            eq(tls.stat()["TlsTxSw"] - before, crowd.count)
            taken = server.count("taken over")
            # At least each second generation came that far.
            assert taken >= ROUNDS * len(crowd.typed), taken
        tap.note(f"{crowd.watcher.answers} answers to the one that asks all "
                 f"the time, the latest after {crowd.watcher.longest:.2f} s")


# One thing at a time

@test("who connects while no process serves waits, and is not refused")
def waits():
    with Server() as server:
        with server.down():
            curls = [Curl(version, ["small"]) for version in VERSIONS * 2]
            time.sleep(0.5)
            assert all(curl.runs() for curl in curls)
        for curl in curls:
            eq(curl.end(), ["1"])


@test("what a client says reaches no terminal as it is")
def printable():
    with Server() as server, Tls() as client:
        client.ask("%1b[7m%e9")
        eventually(lambda: server.count(r"request: /\?\[7m\?\n"), "it is said",
                   TIMEOUT)


# Functions of the server, and where in its work it is when it comes there.
POINTS = (("http_respond", "it has looked at a request"),
          ("http_head", "it has saved a response and not taken the request"),
          ("send", "it has taken a request"),
          ("sendfile", "it has sent the head"))


def stop_at(server, where, client, *then):
    """Has the debugger end the worker when it comes there."""
    before = server.generations()
    commands = where, "echo armed\\n", "continue", *then
    with subprocess.Popen(
            ["gdb", "-batch", "-nx", "-p", str(server.worker()),
             *(word for command in commands for word in ("-ex", command))],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT) as gdb:
        said = b""
        while b"armed\n" not in said:
            part = os.read(gdb.stdout.fileno(), 4096)
            assert part, said
            said += part
        client.ask("large")
        try:
            gdb.communicate(timeout=TIMEOUT)
        finally:
            gdb.kill()
    eventually(lambda: server.generations() > before, "a new one", TIMEOUT)


def points():
    with Server() as server, Tls() as client:
        # A debugger's stop can end an attach with EINTR.
        eventually(server.handshakes, "it is attached", TIMEOUT)
        for function, where in POINTS:
            with test(f"killed when {where}"):
                stop_at(server, f"break {function}", client, "kill")
                client.response("large")
                client.ask("small")
                client.response("small")
        with test("asked to end while it is in sendfile()"):
            stop_at(server, "catch syscall sendfile", client,
                    f"shell kill -TERM {server.worker()}", "detach")
            client.response("large")
            eq(server.count("Interrupted"), 0)
        eq(server.handshakes(), 1)
        padded(server)


@test("a client that pads its records is answered once, too")
def padded(server):
    client = s_client("1.3", "-record_padding", "4096")
    eventually(lambda: server.handshakes() == 2, "it is attached", TIMEOUT)
    stop_at(server, "break http_head", client, "kill")
    client.response("large")
    client.ask("small")
    client.response("small")
    client.end()


@test("requests that were sent early are all answered")
def pipelined():
    with Server() as server, Tls() as client:
        # Who is killed earlier has not told of the handshake.
        eventually(server.handshakes, "it is attached", TIMEOUT)
        for _ in range(5):
            names = ["small", "large", "small", "small"]
            client.sock.sendall(b"".join(map(request, names)))
            time.sleep(random.uniform(0, 0.2))
            server.kill_worker()
            data = b""
            for name in names:
                while body_size(data) is None:
                    data += client.sock.recv(1 << 16)
                size = body_size(data)
                data += client.read(size - len(data))
                check_body(data[:size], name)
                data = data[size:]
        eq(server.handshakes(), 1)


def sockets(pid):
    """How many of a process's files are sockets."""
    count = 0
    for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            count += os.readlink(link).startswith("socket:")
    return count


@contextlib.contextmanager
def stopping(server):
    """While the worker, asked to end, waits for a handshake."""
    before = server.generations()
    pid = server.worker()
    count = sockets(pid)
    with socket.create_connection(("localhost", PORT)):
        eventually(lambda: sockets(pid) > count, "it has accepted", TIMEOUT)
        asked = time.monotonic()
        server.kill(signal.SIGHUP)
        eventually(lambda: sockets(pid) == count, "it has closed its listener",
                   TIMEOUT)
        yield
        now = server.generations()
        # It waits for a minute, nearly.
        if time.monotonic() - asked < 55:
            eq(now, before)
    eventually(lambda: server.generations() > before, "a new one", TIMEOUT)


@test("one that waits for a handshake before it ends serves the others")
def serves_until_the_end():
    with Server() as server, Tls() as client, Tls() as other:
        for one in client, other:
            one.ask("small")
            one.response("small")
        with stopping(server):
            client.ask("small")
            client.response("small")
        other.ask("small")
        other.response("small")
        eq(server.handshakes(), 2)


@test("a response to a client that has ended its side is completed")
def half_closed():
    with Server() as server, Tls() as client:
        before = server.generations()
        client.ask("half")
        data = client.read(100000)
        # Not the method of ssl, which forgets the keys.
        socket.socket.shutdown(client.sock, socket.SHUT_WR)
        server.kill(signal.SIGHUP)
        client.response("half", data)
        eventually(lambda: server.generations() > before, "a new one",
                   TIMEOUT)


@test("one that cannot take all over ends, and the next one takes them")
def too_few_files():
    with Server() as server, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(Tls()) for _ in range(20)]
        for client in clients:
            client.ask("small")
            client.response("small")
        keeper = server.process.pid
        limits = resource.prlimit(keeper, resource.RLIMIT_NOFILE)
        resource.prlimit(keeper, resource.RLIMIT_NOFILE, (16, limits[1]))
        os.kill(server.worker(), signal.SIGKILL)
        eventually(lambda: server.count("httpsd: kssl: "), "it fails",
                   TIMEOUT)
        resource.prlimit(keeper, resource.RLIMIT_NOFILE, limits)
        for client in clients:
            client.ask("small")
            client.response("small")
        eq(server.handshakes(), len(clients))


@test("a file that has changed meanwhile ends the connection properly")
def changed():
    path = work / "www/large"
    old = path.read_bytes()
    with Server() as server, Tls() as client:
        client.ask("large")
        data = client.read(100000)
        with server.down():
            write_file("large", FILES["large"])
        data += client.read(FILES["large"])
        eq(client.sock.recv(1), b"", "close_notify")
        body = data.partition(b"\r\n\r\n")[2]
        assert len(body) < len(old) and old.startswith(body)
        eq(server.count("the file has changed"), 1)


@test("a response that is the last one: the end comes after all of it")
def last():
    with Server() as server, Tls() as client:
        client.ask("large", "Connection: close")
        data = client.read(1)
        for _ in range(4):
            server.kill_worker()
            data += client.read(100000)
        data += client.read(FILES["large"] * 2)
        check_body(data, "large")


@test("without a manager, by the row share, from process to process")
def shared():
    with contextlib.ExitStack() as stack, Client() as nl:
        def start(*options):
            return stack.enter_context(Program(*httpsd("-s", *options)))

        program = start()
        eventually(listening, "it listens", TIMEOUT)
        with Tls() as client:
            client.ask("large")
            data = client.read(100000)
            for _ in range(3):
                old = program
                program = start("-r", str(old.process.pid))
                eq(old.process.wait(TIMEOUT), 0)
                data += client.read(100000)
            client.response("large", data)
            second = start()
            eq(second.process.wait(TIMEOUT), 1, "without -r")
            eq(second.count("does not let go of the connections"), 1)
            program.end()
            eventually(lambda: no_objects(nl), "all is gone")


def listening():
    try:
        socket.create_connection(("localhost", PORT)).close()
    except ConnectionRefusedError:
        return False
    return True


@test("the program of the document goes on, too")
def document():
    with Program(EXAMPLES / "keeper", EXAMPLES / "restart", str(PORT),
                 work / "cert", work / "key", work / "www/large") as program:
        eventually(lambda: program.count("is ready"), "it is ready", TIMEOUT)
        with Tls() as client:
            data = client.read(100000)
            for number in range(3):
                pid = int(re.findall(r"started (\d+)", program.text())[-1])
                os.kill(pid, signal.SIGKILL)
                eventually(lambda number=number: program.count("started") >
                           number + 1, "a new one", TIMEOUT)
                data += client.read(100000)
            data += client.read(FILES["large"])
            eq(hashlib.sha256(data).hexdigest(), sums["large"])


@test("nothing is left when the manager ends")
def nothing_left():
    with Client() as nl:
        with Server(), Tls() as client:
            client.ask("small")
            client.response("small")
            eq(len(nl.dump()), 1)
        eventually(lambda: no_objects(nl), "all is gone")
        for name in "TlsCurrTxSw", "TlsCurrRxSw":
            eventually(lambda name=name: not tls.stat()[name], name)


@test("a server that has nobody to keep its connections does not start")
def no_manager():
    with Program(*httpsd("-k")) as program:
        eq(program.process.wait(TIMEOUT), 1)
        eq(program.count("no service manager stores the context"), 1)


@test("nor one whose context cannot be had from the store")
def wrong_context():
    with Program("/bin/sh", "-c",
                 'exec 3</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 '
                 'LISTEN_FDNAMES=context exec "$@"', "sh",
                 *httpsd("-k")) as program:
        eq(program.process.wait(TIMEOUT), 1)
        eq(program.count("httpsd: kssl: "), 1)


# The manager

SERVICE = """
import os, socket, sys

def tell(state, *fds):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.connect("\\0" + os.environ["NOTIFY_SOCKET"][1:])
        socket.send_fds(sock, [state], fds)

def passed():
    assert int(os.environ["LISTEN_PID"]) == os.getpid()
    count = int(os.environ["LISTEN_FDS"])
    names = os.environ["LISTEN_FDNAMES"].split(":") if count else []
    return [(name, os.pread(3 + i, 9, 0)) for i, name in enumerate(names)]

def file(data):
    fd = os.memfd_create("file")
    os.write(fd, data)
    return fd

keep = []
here = socket.socket(socket.AF_UNIX)
here.connect(sys.argv[1])
for line in here.makefile():
    here.sendall((repr(eval(line)) + "\\n").encode())
"""


class Managed:
    """A keeper whose service does what the test says."""

    def __init__(self, limit):
        path = str(work / f"managed-{time.monotonic_ns()}")
        script = work / "service.py"
        script.write_text(SERVICE, encoding="ascii")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.listener.settimeout(TIMEOUT)
        self.keeper = Program(EXAMPLES / "keeper", "-n", str(limit),
                              sys.executable, script, path)
        self.accept()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.keeper.end()
        self.listener.close()

    def accept(self):
        self.service = self.listener.accept()[0].makefile("rw")

    def do(self, code):
        self.service.write(code + "\n")
        self.service.flush()
        # pylint: disable-next=eval-used
        return eval(self.service.readline())

    def tell(self, state, *data):
        self.do(f"tell({state!r}, *map(file, {data!r}))")

    def again(self):
        """What the next generation is given."""
        os.kill(self.do("os.getpid()"), signal.SIGKILL)
        self.accept()
        return self.do("passed()")

    def pid(self):
        return self.keeper.process.pid

    def fds(self):
        return len(os.listdir(f"/proc/{self.pid()}/fd"))


def store(name):
    return b"FDSTORE=1\nFDNAME=" + name


@test("the manager keeps what it is told to keep, and nothing else")
def manager():
    with Managed(3) as it:
        none = it.fds()
        eq(it.do("passed()"), [])
        it.tell(store(b"one"), b"1")
        it.tell(b"READY=1\nFDNAME=two\nFDSTORE=1\n", b"2")
        eq(it.again(), [("one", b"1"), ("two", b"2")])
        # What is no name, no message, or none of the service's.
        it.tell(store(b"a:b"), b"x")
        it.tell(store(b"x" * 300), b"x")
        it.tell(store(b"nul\0nul"), b"x")
        it.tell(b"X=" + b"y" * 5000 + b"\n" + store(b"long"), b"x")
        it.tell(b"FDNAME=one", b"x")
        it.tell(b"READY=1")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.connect("\0" + it.do("os.environ['NOTIFY_SOCKET']")[1:])
            socket.send_fds(sock, [store(b"foreign")], [0])
        eq(it.again(), [("one", b"1"), ("two", b"2")])
        # No room for more than three.
        it.tell(b"FDSTORE=1", b"4", b"5")
        eq(it.again(), [("one", b"1"), ("two", b"2"), ("stored", b"4")])
        it.tell(b"FDSTOREREMOVE=1\nFDNAME=two")
        it.tell(b"FDSTOREREMOVE=1\nFDNAME=three")
        eq(it.again(), [("one", b"1"), ("stored", b"4")])
        eq(it.fds(), none + 2)


@test("and what has ended is kept no longer")
def ended():
    with Managed(3) as it:
        none = it.fds()
        it.do("keep.extend(os.pipe())")
        it.do("tell(b'FDSTORE=1', keep[0])")
        eventually(lambda: it.fds() == none + 1, "it is kept")
        it.do("os.close(keep[1])")
        eventually(lambda: it.fds() == none, "it is dropped")
        eq(it.again(), [])


@test("a service that is never ready is started less and less often")
def backoff():
    with Program(EXAMPLES / "keeper", "false") as keeper:
        began = time.monotonic()
        time.sleep(2)
        seen = keeper.count("started")
        # In the end it is every five seconds.
        most = 10 + (time.monotonic() - began) // 5
        eventually(lambda: keeper.count("started") >= 3, "it is started again")
    assert seen <= most, seen


# Sockets that OpenSSL has made kernel TLS

class Adopter:
    """Serves one connection as OpenSSL does, and lets a context keep it."""

    def __init__(self, listener, version, unix):
        self.listener, self.version, self.unix = listener, version, unix

    def secret(self):
        text = (work / "keylog").read_text(encoding="ascii")
        line, = re.findall(r"CLIENT_TRAFFIC_SECRET_0 \w+ (\w+)", text)
        return bytes.fromhex(line)

    def directions(self):
        if self.version == ssl.TLSVersion.TLSv1_2:
            return {"suite": CODE12,
                    "adopt": K.DIRECTION_TX | K.DIRECTION_RX}
        return {"adopt": K.DIRECTION_TX,
                "rx": {"secret": self.secret(), "rec_seq": 0}}

    def shake_hands(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(work / "cert", work / "key")
        context.options |= OP_ENABLE_KTLS
        context.minimum_version = context.maximum_version = self.version
        context.set_ciphers(SUITE12)
        context.keylog_filename = str(work / "keylog")
        with self.listener:
            return context.wrap_socket(self.listener.accept()[0],
                                       server_side=True)

    def run(self):
        done = self.shake_hands()
        with Client() as nl:
            ctx = nl.ctx_new(keep=1, cipher_list=[CODE12])["ctx_id"]
            nl.attach(ctx_id=ctx, fd=done.fileno(),
                      settings={"role": K.ROLE_SERVER}, **self.directions())
            socket.send_fds(self.unix, [b"x"], [nl.ctx_open_fd(ctx)])
            plain = socket.socket(fileno=done.detach())
            eq(plain.recv(5), b"go on")
            with open(work / "www/large", "rb") as file:
                plain.sendfile(file)


def succeed(nl, fd):
    """Goes on where the killed process was, with what its context kept."""
    ctx = nl.import_fd(fd)["ctx_id"]
    conn, = nl.dump(ctx_id=ctx)
    nl.up_ref(conn["id"])
    data = (work / "www/large").read_bytes()
    with socket.socket(fileno=nl.sock_fd(conn["id"])) as sock:
        sock.settimeout(TIMEOUT)
        sock.sendmsg([b""], [(tls.SOL_TLS, 1, bytes([23]))])
        sent, received = position(nl, conn["id"])
        eq(received, 5)
        assert 0 < sent < len(data), sent
        sock.sendall(data[sent:])
        eq(sock.recv(4), b"done")
        sock.shutdown(socket.SHUT_RDWR)
    nl.free(conn["id"])
    nl.ctx_free(ctx)
    os.close(fd)


def adopted():
    for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
        with test(f"what OpenSSL has made kTLS, too: {version.name}"), \
                Client() as nl:
            here, there = socket.socketpair()
            (work / "keylog").unlink(missing_ok=True)
            listener = socket.create_server(("localhost", 0))
            port = listener.getsockname()[1]
            pid = process.fork(Adopter(listener, version, there).run,
                               keep=[listener.fileno(), there.fileno()])
            listener.close()
            there.close()
            with Tls(port) as client:
                client.sock.sendall(b"go on")
                _, (fd,), _, _ = socket.recv_fds(here, 1, 1)
                here.close()
                data = client.read(100000)
                process.kill(pid)
                successor = threading.Thread(target=succeed, args=(nl, fd))
                successor.start()
                data += client.read(FILES["large"] - len(data))
                eq(hashlib.sha256(data).hexdigest(), sums["large"])
                client.sock.sendall(b"done")
                successor.join()
            eventually(lambda: no_objects(nl), "all is gone")


def main():
    global work  # pylint: disable=global-statement
    with tempfile.TemporaryDirectory() as name, small_buffers():
        work = pathlib.Path(name)
        prepare()
        waits()
        printable()
        # The debugger is too slow where the machine has more to do.
        if MANY:
            points()
        pipelined()
        serves_until_the_end()
        half_closed()
        too_few_files()
        changed()
        last()
        shared()
        document()
        nothing_left()
        no_manager()
        wrong_context()
        manager()
        ended()
        backoff()
        adopted()
        # On the slow kernel clients give up before they are answered.
        if not tap.QUICK:
            many()
    tap.done()


if __name__ == "__main__":
    main()
