"""The attacks of tools/attack on a tracker: each a function that attacks a Target until its time is over."""
import contextlib
import json
import os
import random
import socket
import threading
import time

from attack_base import Victim, Witness, crowd, hold, keeper
from tracker_wire import Looker, Member, frame, said

MEMBERS = 50
CHANGES_PER_SECOND = 5


class Target(Victim):
    """The tracker, and how long an attack lasts."""

    def __init__(self, options):
        super().__init__(options)
        self.share = os.urandom(32).hex()

    def connect(self, number=0, kind=Member, **options):
        address = self.addresses[number % len(self.addresses)]
        return kind(self.port, host=self.host, address=address, **options)


class Honest(Witness):
    """Members that hold a share and listen. They say a change in turns, at a rate, and one of them counts what it hears."""

    unit, scale = "changes/s", 1

    def _run(self):
        members = [self.target.connect(number) for number in range(MEMBERS)]
        for one in members:
            one.say(type="publish", shares=[offer(self.target.share)])
        for one in members[:-1]:
            threading.Thread(target=one.swallow, daemon=True).start()
        threading.Thread(target=self._count, args=(members[-1],), daemon=True).start()
        number = 0
        while True:
            # Each holds one share beside, which is another one each time.
            one, before = members[number % len(members)], number - len(members)
            one.say(type="publish", shares=[offer("%064x" % number, name=f"honest {number}")])
            if before >= 0:
                one.say(type="withdraw", ids=["%064x" % before])
            one.connection.sendall(frame(10, b"", masked=True))
            number += 1
            time.sleep(1 / CHANGES_PER_SECOND)

    def _count(self, one):
        with contextlib.suppress(OSError):
            while True:
                heard = one.hear()
                for row in heard.get("published", []):
                    if row.get("name", "").startswith("honest "):
                        with self.count.get_lock():
                            self.count.value += 1


ATTACKS = {}
attack = keeper(ATTACKS)


def offer(share, name="share", **more):
    return {"id": share, "name": name, "bytes": 1000, "files": 1, "have": 1000, **more}


def repeat(target, make, sessions=60, reads=True):
    """Members that say what `make` makes, without end. It is called once for each member."""
    def run(number):
        one = target.connect(number, timeout=5, receive_buffer=None if reads else 4096)
        try:
            if reads:
                threading.Thread(target=one.swallow, daemon=True).start()
            what = make()
            while target.goes_on():
                one.connection.sendall(what)
        finally:
            one.close()
    crowd(target, sessions, run)


def share_id():
    return os.urandom(32).hex()


@attack("watch and unwatch of one share")
def watches(target):
    def make():
        share = share_id()
        return (said(type="watch", id=share) + said(type="unwatch", id=share)) * 100
    repeat(target, make)


@attack("watch and unwatch of a share that many hold")
def popular_watches(target):
    repeat(target, lambda: (said(type="watch", id=target.share) + said(type="unwatch", id=target.share)) * 100)


@attack("watch and unwatch of a share that many hold, by members that read nothing")
def watches_unread(target):
    repeat(target, lambda: (said(type="watch", id=target.share) + said(type="unwatch", id=target.share)) * 100,
           reads=False)


@attack("watches of ever other shares")
def other_watches(target):
    repeat(target, lambda: b"".join(said(type="watch", id=share_id()) for _ in range(3000)))


@attack("publish and withdraw of one share in turns")
def publishes(target):
    def make():
        share = share_id()
        return (said(type="publish", shares=[offer(share)]) + said(type="withdraw", ids=[share])) * 100
    repeat(target, make)


@attack("publish and withdraw of a thousand shares in turns")
def long_publishes(target):
    shares = [share_id() for _ in range(1000)]
    what = said(type="publish", shares=[offer(share) for share in shares]) + said(type="withdraw", ids=shares)
    repeat(target, lambda: what, sessions=8)


@attack("names and sizes of a share that many hold, in turns")
def names(target):
    repeat(target, lambda: b"".join(said(type="publish", shares=[offer(target.share, name=f"name {number}")])
                                    for number in range(100)))


@attack("signatures that are wrong")
def signatures(target):
    def one(share):
        return offer(share, signer=os.urandom(32).hex(), signature=os.urandom(64).hex(), signed=1)
    repeat(target, lambda: b"".join(said(type="publish", shares=[one(share_id()) for _ in range(10)])
                                    for _ in range(100)))


@attack("progress of a share in turns")
def progress(target):
    def make():
        share = share_id()
        return said(type="publish", shares=[offer(share)]) + b"".join(
            said(type="progress", id=share, have=number) for number in range(200))
    repeat(target, make)


@attack("lists of what is hashed, each another one")
def hashing(target):
    def rows():
        return [{"name": os.urandom(8).hex(), "bytes": 1000, "done": 10} for _ in range(100)]
    repeat(target, lambda: b"".join(said(type="hashing", shares=rows()) for _ in range(20)))


@attack("holders that could not be reached")
def unreached(target):
    def make():
        peers = [os.urandom(20).hex() for _ in range(8)]
        return said(type="watch", id=target.share) + said(type="unreached", id=target.share, peers=peers) * 100
    repeat(target, make)


@attack("questions for the whole list")
def resyncs(target):
    repeat(target, lambda: said(type="resync") * 200)


@attack("questions for pages of peers")
def pages(target):
    repeat(target, lambda: said(type="list_peers") * 200)


@attack("questions for pages of peers, which are not read")
def pages_unread(target):
    repeat(target, lambda: said(type="list_peers") * 200, reads=False)


@attack("pings")
def pings(target):
    repeat(target, lambda: frame(9, b"", masked=True) * 1000, sessions=8)


@attack("fragments without content")
def fragments(target):
    repeat(target, lambda: frame(1, b"{", masked=True, final=False) + frame(0, b"", masked=True, final=False) * 10000,
           sessions=8)


@attack("messages a byte at a time")
def segments(target):
    what = said(type="unwatch", id=share_id())

    def run(number):
        one = target.connect(number, timeout=5)
        try:
            while target.goes_on():
                for at in range(len(what)):
                    one.connection.sendall(what[at:at + 1])
        finally:
            one.close()
    crowd(target, 4, run)


@attack("messages that are no JSON, too deep, or of another kind: each ends its session")
def nonsense(target):
    bad = [b"{", b"[" * 10000, b"{}", json.dumps({"type": "welcome"}).encode(), b'{"type":"join"}', b"\xff\xfe",
           b'{"type":"watch","id":"' + b"0" * 100_000 + b'"}', os.urandom(100)]

    def run(number):
        one = target.connect(number, timeout=3)
        try:
            one.connection.sendall(frame(1, random.choice(bad), masked=True))
            one.swallow()
        finally:
            one.close()
    crowd(target, 4, run)


@attack("members that come and go")
def churn(target):
    def run(number):
        one = target.connect(number, timeout=3)
        one.hear()
        one.close()
    crowd(target, 4, run)


@attack("pages that look, come and go")
def looks(target):
    def run(number):
        one = target.connect(number, Looker, timeout=3)
        one.hear()
        one.close()
    crowd(target, 4, run)


@attack("many pages that look on, look again without end, and ask for the whole list")
def lookers(target):
    def run(number):
        one = target.connect(number, Looker, timeout=5)
        try:
            threading.Thread(target=one.swallow, daemon=True).start()
            what = said(type="look") * 200 + said(type="watch", id=target.share) + said(type="resync")
            while target.goes_on():
                one.connection.sendall(what)
        finally:
            one.close()
    crowd(target, 80, run)


@attack("members that name the id of one who is here")
def thieves(target):
    owner = os.urandom(20).hex()
    held = target.connect(peer=owner)

    def run(number):
        one = target.connect(number, timeout=3, peer=owner)
        one.swallow()
        one.close()
    crowd(target, 8, run)
    held.close()


@attack("members that name ports at which nobody listens")
def shut_ports(target):
    def run(number):
        one = target.connect(number, timeout=3, port=random.randrange(1024, 65536))
        one.hear()
        one.close()
    crowd(target, 4, run)


@attack("members that read nothing")
def deaf(target):
    def run(number):
        one = target.connect(number, timeout=3, receive_buffer=4096)
        while target.goes_on():
            time.sleep(0.5)
            one.connection.sendall(frame(10, b"", masked=True))
        one.close()
    crowd(target, 200, run)


@attack("members that begin a long message and do not end it")
def unfinished(target):
    def run(number):
        one = target.connect(number, timeout=5)
        one.connection.sendall(frame(1, bytes(1 << 20), masked=True)[:140_000])
        one.swallow()
        one.close()
    crowd(target, 300, run)


@attack("connections that say nothing")
def silent(target):
    hold(target, 1500, lambda: b"")


@attack("requests that come a byte at a time")
def slow_requests(target):
    hold(target, 1500, lambda: b"GET /live HTTP/1.1\r\nHost: ", drip=lambda: b"x")


@attack("requests for the first page")
def pages(target):
    def run(number):
        address = target.addresses[number % len(target.addresses)]
        with socket.create_connection((target.host, target.port), timeout=3, source_address=(address or "", 0)) as one:
            one.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            one.recv(4096)
    crowd(target, 4, run)
