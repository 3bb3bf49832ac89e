"""Swarms of other clients on a Network, for swarm.py, speedup.py and uneven.py: libtorrent, and aria2 by BitTorrent and
by HTTP.

Each has the first host of the network for a tracker or nothing, then the sources, then the leechers, as NodeSwarm has.
"""
import getpass
import grp
import json
import os
import pathlib
import selectors
import subprocess
import time

import harness

BENCH = pathlib.Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"
PIECE_BYTES = 64 << 10
PORT = 6881


def torrent_of(path, version, out):
    import libtorrent as lt  # optional, as all rivals
    files = lt.file_storage()
    lt.add_files(files, str(path))
    torrent = lt.create_torrent(files, PIECE_BYTES, flags=getattr(lt.create_torrent, f"{version}_only"))
    lt.set_piece_hashes(torrent, str(path.parent))
    out.write_bytes(lt.bencode(torrent.generate()))
    return out


def wait_accepts(host):
    """Until somebody listens at PORT inside the host."""
    probe = ["bash", "-c", f": </dev/tcp/{host.address}/{PORT}"]
    harness.wait_for(lambda: subprocess.run([*host.prefix, *probe], capture_output=True).returncode == 0,
                     f"{host.address} listens", seconds=20, every=0.05)


def times_of(processes, word, started, seconds):
    """When each process said a line with `word`, in seconds since `started`."""
    end = time.monotonic() + seconds
    found = {}
    rest = dict.fromkeys(processes, b"")
    with selectors.DefaultSelector() as selector:
        for process in processes:
            selector.register(process.stdout, selectors.EVENT_READ, process)
        while len(found) < len(processes):
            for key, _ in selector.select(max(0, end - time.monotonic())):
                data = os.read(key.fd, 1 << 16)
                if not data:
                    raise RuntimeError(f"{key.data.args} ended")
                rest[key.data] = rest[key.data][-200:] + data
                if key.data not in found and word in rest[key.data]:
                    found[key.data] = time.monotonic() - started
            if time.monotonic() > end:
                raise TimeoutError(f"{len(processes) - len(found)} of {len(processes)} are not done after {seconds} s")
    return [found[process] for process in processes]


class RivalSwarm:
    def __init__(self, network, directory, sources=1):
        self.network, self.directory = network, directory
        self.tracker = network.hosts[0]
        self.sources = network.hosts[1:1 + sources]
        self.leechers = network.hosts[1 + sources:]
        self.targets = [directory / f"leecher{i}" for i in range(len(self.leechers))]
        for target in self.targets:
            target.mkdir()

    def start(self, host, command, **options):
        log = open(self.directory / "rivals.log", "ab")
        self.network.addCleanup(log.close)
        options = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, **options}
        return host.start(command, **options)

    def copies(self, path):
        return [target / path.name for target in self.targets]

    def figures(self):
        return {}


class LibtorrentSwarm(RivalSwarm):
    """Tuned, version 2; all run and have the torrent in memory before the clock starts, and are told who is there."""

    def prepare(self, path):
        torrent = torrent_of(path, "v2", self.directory / "file.torrent")
        command = [PYTHON, BENCH / "libtorrent_node.py", torrent]
        for host in self.sources:
            self.start(host, [*command, path.parent, "--seed", "--listen", f"{host.address}:{PORT}"])
        peers = [f"--peer={host.address}:{PORT}" for host in (*self.sources, *self.leechers)]
        self.processes = []
        for host, target in zip(self.leechers, self.targets):
            others = [peer for peer in peers if peer != f"--peer={host.address}:{PORT}"]
            self.processes.append(self.start(host, [*command, target, "--seed", "--wait", *others, "--listen",
                                                    f"{host.address}:{PORT}"],
                                             stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        for process in self.processes:
            json.loads(process.stdout.readline())
        for host in self.sources:
            wait_accepts(host)

    def run(self, seconds):
        started = time.monotonic()
        for process in self.processes:
            process.stdin.write(b"\n")
            process.stdin.flush()
        return times_of(self.processes, b'"complete"', started, seconds)


class Aria2Swarm(RivalSwarm):
    """BitTorrent, version 1; finds peers by a tracker only. Its processes start with the clock."""

    common = ["aria2c", "--no-conf=true", "--enable-dht=false", "--bt-enable-lpd=false", "--enable-peer-exchange=false",
              "--disable-ipv6=true", "--bt-tracker-interval=1", "--bt-min-crypto-level=plain", "--disk-cache=64M",
              "--file-allocation=none", "--bt-max-peers=0", "--allow-overwrite=true", "--log-level=notice",
              "--seed-ratio=0.0", f"--listen-port={PORT}", "--max-upload-limit=0", "--summary-interval=0"]

    def prepare(self, path):
        self.torrent = torrent_of(path, "v1", self.directory / "file.torrent")
        tracker = self.start(self.tracker, [PYTHON, BENCH / "bt_tracker.py", "--listen", f"{self.tracker.address}:{PORT}"],
                             stdout=subprocess.PIPE)
        json.loads(tracker.stdout.readline())
        self.common = [*self.common, f"--bt-tracker=http://{self.tracker.address}:{PORT}/announce"]
        for host in self.sources:
            self.start(host, [*self.common, "--quiet=true", "--bt-seed-unverified=true", f"--dir={path.parent}",
                              self.torrent])
            wait_accepts(host)

    def run(self, seconds):
        # It goes on seeding, so its own words "Download complete" come at the very end only.
        hook = self.directory / "complete"
        hook.write_text("#!/bin/sh\necho complete\n")
        hook.chmod(0o755)
        started = time.monotonic()
        processes = [self.start(host, [*self.common, "--quiet=true", f"--on-bt-download-complete={hook}",
                                       f"--dir={target}", self.torrent], stdout=subprocess.PIPE)
                     for host, target in zip(self.leechers, self.targets)]
        return times_of(processes, b"complete", started, seconds)


class HttpSwarm(RivalSwarm):
    """One nginx at each source, aria2 fetches ranges from all of them. Nothing is verified."""

    def prepare(self, path):
        self.name = path.name
        for i, host in enumerate(self.sources):
            work = self.directory / f"nginx{i}"
            work.mkdir()
            temporary = "; ".join(f"{kind}_temp_path {work}" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
            (work / "nginx.conf").write_text(
                f"daemon off; master_process off; worker_processes 1; pid {work}/pid; error_log stderr warn;\n"
                f"user {getpass.getuser()} {grp.getgrgid(os.getgid()).gr_name};\nevents {{ worker_connections 256; }}\n"
                f"http {{ access_log off; sendfile on; {temporary};\n"
                f"  server {{ listen {host.address}:{PORT}; root {path.parent}; }} }}\n")
            self.start(host, ["nginx", "-c", work / "nginx.conf", "-p", work, "-e", "stderr"])
        for host in self.sources:
            wait_accepts(host)

    def run(self, seconds):
        urls = [f"http://{host.address}:{PORT}/{self.name}" for host in self.sources]
        started = time.monotonic()
        process = self.start(self.leechers[0], [
            "aria2c", "--no-conf=true", "--quiet=true", "--log=-", "--log-level=notice", "--file-allocation=none",
            f"--split={len(urls)}", "--max-connection-per-server=1", "--min-split-size=1M", "--uri-selector=inorder",
            f"--dir={self.targets[0]}", *urls], stdout=subprocess.PIPE)
        return times_of([process], b"Download complete: ", started, seconds)
