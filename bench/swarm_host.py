"""Hosts on one machine: network namespaces with links of chosen rates, for benchmarks of swarms.

A Network is a bridge in a namespace of its own; each Host is a namespace with one link to it. Both directions of a link
have a token bucket (tc tbf), so a host sends at `up` and receives at `down` Mbit/s of Ethernet frames, whatever it talks
to; a bucket holds a few frames and a queue of 50 ms, as a home router's does. Frames have 1514 bytes and travel at most
four at a time, so that rates, queues and interleaving are those of a wire. Needs root, iproute2 and util-linux.

A Network is a context manager: on the way out, also on Ctrl-C, its processes and namespaces are gone. What a killed
benchmark left behind the next Network removes.
"""
import itertools
import json
import os
import subprocess

import machine

PREFIX = "shoal-bench"
MTU = 1500
FRAME_BYTES = MTU + 14
# What a full frame leaves for the payload of TCP, which sends timestamps.
PAYLOAD_BYTES = MTU - 52
QUEUE_SECONDS = 0.05
# Frames that travel as one, and the least that a bucket holds: a compromise, because a machine that handles each frame by
# itself is busy with that alone at a gigabit per second. The buckets count them one by one all the same.
SEGMENTS = 4
BURST_SECONDS = 0.001


_numbers = itertools.count()


def why_not():
    """Why there can be no Network on this machine; "" if there can."""
    if not machine.rules_network():
        return "needs root, or a kernel that lets users make namespaces (tools/bench makes them)"
    for program in ("ip", "tc", "nsenter", "setpriv"):
        try:
            subprocess.run([program, "-V"], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            return f"needs {program}"
    return ""


def _batch(program, namespace, lines):
    command = [program, *(["-n", namespace] if namespace else []), "-batch", "-"]
    done = subprocess.run(command, input="\n".join(lines) + "\n", text=True, capture_output=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")


def _bucket(device, mbit):
    bytes_per_second = mbit * 1e6 / 8
    burst = max((SEGMENTS + 1) * FRAME_BYTES, int(bytes_per_second * BURST_SECONDS))
    queue = max(20 * FRAME_BYTES, int(bytes_per_second * QUEUE_SECONDS))
    return f"qdisc replace dev {device} root handle 1: tbf rate {int(mbit * 1e6)}bit burst {burst} limit {queue}"


class Host:
    """One namespace. `address` is its IPv4 address; `up` and `down` are Mbit/s, or None for no limit."""

    def __init__(self, network, index, up, down):
        self.network = network
        self.index = index
        self.namespace = f"{network.name}-{index}"
        self.port = f"port{index}"
        self.address = f"10.77.{index // 250}.{index % 250 + 1}"
        self.up = up
        self.down = down
        # Ends with the benchmark, even if that is killed.
        self.prefix = ["setpriv", "--pdeathsig", "KILL", "nsenter", f"--net=/run/netns/{self.namespace}"]

    def start(self, command, **options):
        """Popen inside the host; killed at the latest when the network goes."""
        process = subprocess.Popen([*self.prefix, *map(str, command)], **options)
        self.addCleanup(_end, process)
        return process

    def addCleanup(self, function, *arguments, **options):
        """So that a host is the owner of what tests/integration/harness.py starts in it."""
        self.network.addCleanup(function, *arguments, **options)

    def set_rate(self, up=None, down=None):
        """Changes the directions given, while traffic flows; one without a limit gets one."""
        if up is not None:
            _batch("tc", self.namespace, [_bucket("eth0", up)])
            self.up = up
        if down is not None:
            _batch("tc", self.network.bridge, [_bucket(self.port, down)])
            self.down = down

    def set_address(self, address):
        """From now on the host has this one, of 10.77.0.0/16, and not the one before."""
        _batch("ip", self.namespace, [f"address del {self.address}/16 dev eth0", f"address add {address}/16 dev eth0"])
        self.address = address

    def sent_bytes(self):
        """Bytes of all frames that went through the bucket of a host whose `up` is limited."""
        shown = subprocess.run(["tc", "-n", self.namespace, "-s", "-j", "qdisc", "show", "dev", "eth0"], check=True,
                               capture_output=True)
        return json.loads(shown.stdout)[0]["bytes"]


def _end(process):
    if process.poll() is None:
        process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream:
            stream.close()


class Network:
    """`links`: one (up, down) for each host, in Mbit/s, None for no limit. `hosts` are in that order."""

    def __init__(self, links):
        self.name = f"{PREFIX}-{os.getpid()}-{next(_numbers)}"
        self.bridge = f"{self.name}-bridge"
        self.hosts = [Host(self, index, up, down) for index, (up, down) in enumerate(links)]
        self._cleanups = []

    def addCleanup(self, function, *arguments, **options):
        """Called, last first, before the namespaces go."""
        self._cleanups.append((function, arguments, options))

    def __enter__(self):
        _remove_left_behind()
        try:
            self._build()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, *_):
        self._remove()

    def set_links(self, hosts, up):
        """Pulls their cables out, or puts them back, at one moment: nothing is reset, frames vanish."""
        _batch("ip", self.bridge, [f"link set dev {host.port} {'up' if up else 'down'}" for host in hosts])

    def sent_bytes(self, hosts):
        """Bytes that each of them has sent, as they come out of their buckets; one look for all, cheap enough to repeat."""
        shown = subprocess.run(["ip", "-n", self.bridge, "-s", "-j", "link", "show"], check=True, capture_output=True)
        received = {row["ifname"]: row["stats64"]["rx"]["bytes"] for row in json.loads(shown.stdout)}
        return [received[host.port] for host in hosts]

    def _build(self):
        _batch("ip", None, [f"netns add {name}" for name in (self.bridge, *(host.namespace for host in self.hosts))])
        # The bridge's MAC is fixed: else it changes with each port, and the first packets are lost.
        lines = ["link add hub address 02:00:00:00:00:01 type bridge", "link set dev hub up"]
        for host in self.hosts:
            lines += [f"link add {host.port} mtu {MTU} gso_max_segs {SEGMENTS} type veth "
                      f"peer name eth0 netns {host.namespace}",
                      f"link set dev {host.port} master hub", f"link set dev {host.port} up"]
        _batch("ip", self.bridge, lines)
        buckets = []
        for host in self.hosts:
            _batch("ip", host.namespace, ["link set dev lo up", f"link set dev eth0 mtu {MTU} gso_max_segs {SEGMENTS}",
                                          f"address add {host.address}/16 dev eth0", "link set dev eth0 up"])
            if host.up is not None:
                _batch("tc", host.namespace, [_bucket("eth0", host.up)])
            if host.down is not None:
                buckets.append(_bucket(host.port, host.down))
        if buckets:
            _batch("tc", self.bridge, buckets)

    def _remove(self):
        for function, arguments, options in reversed(self._cleanups):
            try:
                function(*arguments, **options)
            except Exception as problem:  # the rest must go all the same
                print(f"clean-up: {problem}")
        self._cleanups.clear()
        for name in (*(host.namespace for host in self.hosts), self.bridge):
            _remove_namespace(name)


def _remove_namespace(name):
    if os.path.exists(f"/run/netns/{name}"):
        subprocess.run(["ip", "netns", "delete", name], capture_output=True)


def _remove_left_behind():
    for name in os.listdir("/run/netns") if os.path.isdir("/run/netns") else []:
        if not name.startswith(f"{PREFIX}-"):
            continue
        owner = name[len(PREFIX) + 1:].split("-")[0]
        if owner.isdigit() and not os.path.exists(f"/proc/{owner}"):
            _remove_namespace(name)
