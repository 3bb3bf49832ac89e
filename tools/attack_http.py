"""Attacks of tools/attack over HTTP."""
import os
import socket
import threading

from attack_base import crowd, hold
from attack_peers import attack


def connect(target, number=0, receive_buffer=None):
    one = socket.socket(socket.AF_INET6 if ":" in target.host else socket.AF_INET)
    if receive_buffer:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    one.settimeout(5)
    address = target.addresses[number % len(target.addresses)]
    if address:
        one.bind((address, 0))
    one.connect((target.host, target.port))
    return one


def request(path, *headers, method="GET"):
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode()


def content(target, *headers, method="GET"):
    """A request for the share's content; that of a share of one file is answered with where the file is."""
    return request(target.url, *headers, method=method)


def find_url(target):
    with connect(target) as one:
        one.sendall(request(f"/s/{target.share.hex()}/"))
        head = one.recv(65536).decode(errors="replace")
    target.url = next((line[10:].strip() for line in head.split("\r\n") if line.startswith("Location: ")),
                      f"/s/{target.share.hex()}/")


def swallow(one):
    try:
        while one.recv(1 << 20):
            pass
    except OSError:
        pass


def repeat(target, make, connections=4, reads=True):
    """Connections that send `make()` without end."""
    find_url(target)

    def run(number):
        with connect(target, number, None if reads else 4096) as one:
            if reads:
                threading.Thread(target=swallow, args=(one,), daemon=True).start()
            what = make()
            while target.goes_on():
                one.sendall(what)
    crowd(target, connections, run)


@attack("requests over HTTP for what is not there")
def http_requests(target):
    repeat(target, lambda: request("/nothing") * 200)


@attack("requests over HTTP for shares that are not there")
def http_names(target):
    repeat(target, lambda: b"".join(request(f"/s/{os.urandom(8).hex()}/x") for _ in range(200)))


@attack("heads of a file")
def http_heads(target):
    repeat(target, lambda: content(target, method="HEAD") * 200)


@attack("many ranges of a byte")
def http_ranges(target):
    ranges = ",".join(f"{at}-{at}" for at in range(0, 320_000, 10_000))
    repeat(target, lambda: content(target, f"Range: bytes={ranges}") * 50)


@attack("a file, asked for again and again, and not read")
def http_unread(target):
    repeat(target, lambda: content(target) * 50, connections=256, reads=False)


@attack("questions for the pieces of a share")
def http_pieces(target):
    repeat(target, lambda: request(f"/v1/shares/{target.share.hex()}/pieces") * 200)


@attack("questions to the API")
def http_api(target):
    paths = ("/v1/status", "/v1/shares", "/v1/peers", "/v1/why", "/v1/flows", "/metrics", "/v1/dump", "/v1/nothing")
    repeat(target, lambda: b"".join(request(path) for path in paths) * 30)


@attack("listeners to events")
def http_events(target):
    hold(target, 300, lambda: request("/v1/events"))


@attack("connections that say one letter")
def http_one_byte(target):
    hold(target, 1500, lambda: b"G")


@attack("long headers that do not end")
def http_headers(target):
    hold(target, 1000, lambda: b"GET / HTTP/1.1\r\nX: " + b"x" * 15_000)


@attack("headers a byte at a time")
def http_drip(target):
    def run(number):
        with connect(target, number) as one:
            while target.goes_on():
                for byte in b"GET / HTTP/1.1\r\n":
                    one.sendall(bytes([byte]))
    crowd(target, 4, run)


@attack("a file that is not read, and bytes one at a time")
def http_segments_unread(target):
    find_url(target)

    def run(number):
        with connect(target, number, 4096) as one:
            one.sendall(content(target))
            while target.goes_on():
                for _ in range(1000):
                    one.sendall(b"\n")
    crowd(target, 4, run)


@attack("connections over HTTP that come and go")
def http_churn(target):
    find_url(target)

    def run(number):
        with connect(target, number) as one:
            one.sendall(content(target, "Range: bytes=0-0", "Connection: close"))
            swallow(one)
    crowd(target, 4, run)
