"""One file from one source to one downloader over the loopback, by shoal and by each rival: what throughput.py compares.

A Transfer starts its source once and then fetches the file as often as it is asked, each time with a new process. The
clock of a fetch runs from the start of that process to its end, which is when the file is complete. libtorrent, a library,
counts from the call that adds the torrent to the alert that says complete; aria2, which waits for timers before and after,
from the first byte on disk to its word "complete". Rivals are configured for one fast link.
"""
import datetime
import getpass
import grp
import json
import os
import pathlib
import re
import socket
import subprocess

import harness
import machine
from problem import Problem

BENCH = pathlib.Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"
FETCH_SECONDS_MAX = 120


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_listening(port, process, log):
    """Until somebody accepts connections at the port."""
    def accepts():
        if process.poll() is not None:
            raise Problem(f"{process.args[0]} ended at once: {pathlib.Path(log).read_text()[-500:].strip()}")
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", port)) == 0
    harness.wait_for(accepts, f"{process.args[0]} listens at {port}", seconds=20)


def end(process):
    """SIGTERM first, so that nginx takes its workers with it."""
    process.terminate()
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Fetch:
    """What one fetch took: seconds, CPU seconds of either side, peak RSS of the downloader and its course, when it
    began and ended."""

    def __init__(self, seconds, source_cpu, target_cpu, rss=0, begun=0.0, ended=0.0,
                 rss_course=()):
        self.seconds, self.source_cpu, self.target_cpu, self.rss = seconds, source_cpu, target_cpu, rss
        self.begun, self.ended, self.rss_course = begun, ended, rss_course


class Transfer:
    """`path` is the file to send, in a directory of its own; `nodes` (suite.Nodes) ends what is started."""

    rivals = ()  # those that must be installed

    def __init__(self, name, nodes, path):
        self.name = re.sub(r"\W+", "-", name)  # nginx takes no space in a path
        self.nodes, self.path = nodes, pathlib.Path(path)
        self.work = nodes.directory / self.name
        self.work.mkdir()
        self.source = None
        self.start()

    def start(self):
        """Starts the source."""

    def command(self, target):
        """What fetches the file into the directory `target`."""
        raise NotImplementedError

    def fetch(self, target):
        before = machine.tree_cpu_seconds(self.source.pid)
        run = machine.Run(self.command(target), FETCH_SECONDS_MAX, target)
        if run.code != 0:
            raise Problem(f"{' '.join(map(str, run.command))} failed with {run.code}: {run.err[-500:].strip()}")
        return self.measured(run, machine.tree_cpu_seconds(self.source.pid) - before)

    def measured(self, run, source_cpu):
        return Fetch(run.seconds, source_cpu, run.cpu_seconds, run.rss_peak, run.begun, run.ended, run.rss)

    def launch(self, command, name, first_line=False):
        """A process that lives until the end of the benchmark; its first line of output, read as JSON, if asked for."""
        log = open(self.work / f"{name}.log", "ab")
        process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE if first_line else log, stderr=log)
        self.nodes.addCleanup(log.close)
        if process.stdout:
            self.nodes.addCleanup(process.stdout.close)
        self.nodes.addCleanup(end, process)
        if not first_line:
            return process
        line = process.stdout.readline()
        if not line:
            raise Problem(f"{command[0]} ended at once: {pathlib.Path(log.name).read_text()[-500:].strip()}")
        return process, json.loads(line)


class Limit(Transfer):
    """bench/limit.cpp, source and receiver in one command, which removes what it wrote."""

    program = pathlib.Path(harness.NODE).parent / "bench/limit"
    options = ()

    def start(self):
        pass

    def fetch(self, target):
        run = machine.Run([self.program, "--source", self.path, "--target", target, *self.options], FETCH_SECONDS_MAX)
        if run.code != 0:
            raise Problem(f"{self.program} failed with {run.code}: {run.err[-500:].strip()}")
        said = json.loads(run.out)
        return Fetch(said["seconds"], said["source_cpu_seconds"], said["receiver_cpu_seconds"], run.rss_peak)


class LimitEncrypted(Limit):
    """The same through TLS 1.3 (bench/limit_tls.hpp)."""

    options = ("--tls",)


class NodeSource(Transfer):
    def start(self):
        peer = self.nodes.peer(f"{self.name}.source", self.tracker(), *self.key())
        self.share = peer.add(self.path)["id"]
        self.torrent = self.work / f"{self.path.name}.torrent"
        peer.ok("torrent", self.path.name, "-o", self.torrent)
        self.source, self.port = peer.process, peer.port

    def tracker(self):
        return None

    def key(self):
        """The option that makes the swarm private, or nothing."""
        return ()


class NodeFetch(Transfer):
    """`node download` alone, as somebody types it who runs no peer."""

    def command(self, target):
            return [harness.NODE, "download", self.torrent, "--peer", f"127.0.0.1:{self.port}", "--dir", target,
                "--state", pathlib.Path(target) / ".state"]


class NodeToNode(NodeFetch, NodeSource):
    pass


class NodePrivate(NodeToNode):
    """As NodeToNode, in a private swarm."""

    def key(self):
        path = self.work / "swarm.key"
        if not path.exists():
            subprocess.run([harness.NODE, "keygen", path], check=True, capture_output=True)
        return "--key", path

    def command(self, target):
        return [*super().command(target), *self.key()]


class NodeByTracker(NodeToNode):
    """As NodeToNode, but all that the downloader knows is the name of the share and a tracker."""

    def tracker(self):
        self.known = self.nodes.tracker(name=f"{self.name}.tracker")
        return self.known

    def command(self, target):
        return [harness.NODE, "download", self.path.name, "--tracker", self.known.ready["listen"][0], "--dir", target,
                "--state", pathlib.Path(target) / ".state"]


def torrent_of(path, version):
    """The .torrent of a file, version "v1" or "v2", as libtorrent makes it; it was fastest with pieces of 2 MiB."""
    out = path.parent.parent / f"{path.name}.{version}.torrent"
    if out.exists():
        return out
    import libtorrent as lt  # optional, as all rivals
    files = lt.file_storage()
    lt.add_files(files, str(path))
    flags = lt.create_torrent.v1_only if version == "v1" else lt.create_torrent.v2_only
    torrent = lt.create_torrent(files, 2 << 20, flags=flags)
    lt.set_piece_hashes(torrent, str(path.parent))
    out.write_bytes(lt.bencode(torrent.generate()))
    return out


class LibtorrentSource(Transfer):
    rivals = ("libtorrent",)
    version = "v2"

    def start(self):
        self.torrent = torrent_of(self.path, self.version)
        self.source, said = self.launch([PYTHON, BENCH / "libtorrent_node.py", self.torrent, self.path.parent, "--seed"],
                                        "libtorrent", first_line=True)
        self.port = said["listening"]


class LibtorrentFetch(Transfer):
    rivals = ("libtorrent",)

    def command(self, target):
        return [PYTHON, BENCH / "libtorrent_node.py", self.torrent, target, "--peer", f"127.0.0.1:{self.port}"]

    def measured(self, run, source_cpu):
        said = json.loads(run.out.splitlines()[-1])
        return Fetch(said["complete"], source_cpu, said["cpu"], run.rss_peak, run.ended - said["complete"], run.ended)


class LibtorrentV2(LibtorrentFetch, LibtorrentSource):
    pass


class LibtorrentV1(LibtorrentV2):
    version = "v1"


class LibtorrentSsl(LibtorrentV2):
    """An SSL torrent: the torrent holds a certificate, which has signed those of all members."""

    rivals = ("libtorrent", "openssl")

    def start(self):
        plain = torrent_of(self.path, self.version)
        self.make_certificates()
        import libtorrent as lt
        content = lt.bdecode(plain.read_bytes())
        content[b"info"][b"ssl-cert"] = (self.work / "root.pem").read_bytes()
        self.torrent = self.work / f"{self.path.name}.torrent"
        self.torrent.write_bytes(lt.bencode(content))
        self.port = free_port()
        self.source, _ = self.launch([*self.node(self.path.parent), "--listen", f"127.0.0.1:{self.port}", "--seed"],
                                     "libtorrent", first_line=True)
        wait_listening(self.port, self.source, self.work / "libtorrent.log")

    def make_certificates(self):
        """One for the torrent; one for its members, whose name is that of the torrent, or "*"."""
        def openssl(*words):
            subprocess.run(["openssl", *words], cwd=self.work, check=True, capture_output=True)
        elliptic = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        openssl("req", "-x509", *elliptic, "-subj", "/CN=bench", "-keyout", "root.key", "-out", "root.pem")
        openssl("req", *elliptic, "-subj", "/CN=*", "-addext", "subjectAltName=DNS:*", "-keyout", "peer.key", "-out", "peer.csr")
        openssl("x509", "-req", "-in", "peer.csr", "-CA", "root.pem", "-CAkey", "root.key", "-set_serial", "1",
                "-copy_extensions", "copy", "-out", "peer.pem")
        openssl("dhparam", "-dsaparam", "-out", "dh.pem", "2048")

    def node(self, directory):
        return [PYTHON, BENCH / "libtorrent_node.py", self.torrent, directory, "--ssl", self.work]

    def command(self, target):
        return [*self.node(target), "--listen", f"127.0.0.1:{free_port()}", "--peer", f"127.0.0.1:{self.port}"]


class LibtorrentToNode(NodeFetch, LibtorrentSource):
    pass


class NodeToLibtorrent(LibtorrentFetch, NodeSource):
    pass


class Aria2(Transfer):
    """aria2 finds peers by a tracker only, so there is one; BitTorrent v1 is what it speaks."""

    rivals = ("aria2", "libtorrent")
    common = ["aria2c", "--no-conf=true", "--quiet=true", "--enable-dht=false", "--bt-enable-lpd=false",
              "--enable-peer-exchange=false", "--disable-ipv6=true", "--bt-tracker-interval=1", "--bt-min-crypto-level=plain",
              "--disk-cache=64M", "--file-allocation=none", "--bt-max-peers=0", "--allow-overwrite=true",
              "--log-level=notice"]
    complete = re.compile(r"(\S+ \S+) \[NOTICE\].* Download complete: ")

    def start(self):
        self.torrent = torrent_of(self.path, "v1")
        _, said = self.launch([PYTHON, BENCH / "bt_tracker.py"], "bt_tracker", first_line=True)
        self.tracker = f"--bt-tracker=http://127.0.0.1:{said['listening']}/announce"
        self.port = free_port()
        self.source = self.launch([*self.common, self.tracker, f"--listen-port={self.port}", "--bt-seed-unverified=true",
                                   "--seed-ratio=0.0", f"--dir={self.path.parent}", self.torrent], "aria2")
        wait_listening(self.port, self.source, self.work / "aria2.log")

    def command(self, target):
        return [*self.common, self.tracker, f"--listen-port={free_port()}", "--seed-time=0", "--log=-",
                f"--dir={target}", self.torrent]

    def measured(self, run, source_cpu):
        complete = datetime.datetime.fromisoformat(self.complete.search(run.out).group(1)).timestamp()
        return Fetch(complete - run.first_data, source_cpu, run.cpu_seconds, run.rss_peak, run.begun, run.ended)


class Rsync(Transfer):
    """The rsync daemon, one to one; it checks the whole file with xxh128 at the end, and syncs it as the node does."""

    rivals = ("rsync",)

    def start(self):
        self.port = free_port()
        conf = self.work / "rsyncd.conf"
        conf.write_text(f"use chroot = no\nreverse lookup = no\n[files]\npath = {self.path.parent}\nread only = yes\n")
        self.source = self.launch(["rsync", "--daemon", "--no-detach", f"--config={conf}", "--address=127.0.0.1",
                                   f"--port={self.port}"], "rsync")
        wait_listening(self.port, self.source, self.work / "rsync.log")

    def command(self, target):
        return ["rsync", "--whole-file", "--inplace", "--fsync", "--checksum-choice=xxh128",
                f"rsync://127.0.0.1:{self.port}/files/{self.path.name}", f"{target}/"]


class Curl(Transfer):
    """curl from nginx, which sends by sendfile; nothing is verified."""

    rivals = ("nginx", "curl")

    def start(self):
        self.port = free_port()
        conf = self.work / "nginx.conf"
        conf.write_text(f"""daemon off; worker_processes 1; pid {self.work}/nginx.pid; error_log stderr warn;
user {getpass.getuser()} {grp.getgrgid(os.getgid()).gr_name};
events {{ worker_connections 1024; }}
http {{ access_log off; sendfile on; sendfile_max_chunk 2m; tcp_nopush on; keepalive_timeout 60;
  client_body_temp_path {self.work}/nginx; proxy_temp_path {self.work}/nginx; fastcgi_temp_path {self.work}/nginx;
  uwsgi_temp_path {self.work}/nginx; scgi_temp_path {self.work}/nginx;
  server {{ {self.listen()} root {self.path.parent}; }} }}
""")
        self.source = self.launch(["nginx", "-c", conf, "-p", self.work, "-e", "stderr"], "nginx")
        wait_listening(self.port, self.source, self.work / "nginx.log")

    def listen(self):
        return f"listen 127.0.0.1:{self.port};"

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/{self.path.name}"

    def command(self, target):
        return ["curl", "--silent", "--fail", "--output", f"{target}/{self.path.name}", self.url]


class CurlEncryptedThenOpenssl(Curl):
    """curl from nginx over HTTPS, TLS 1.3 with the cipher of a private swarm; then the copy is hashed."""

    rivals = ("nginx", "curl", "openssl")

    def start(self):
        self.certificate = self.work / "nginx.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=bench",
                        "-keyout", self.certificate, "-out", f"{self.certificate}.crt"], check=True, capture_output=True)
        super().start()

    def listen(self):
        return (f"listen 127.0.0.1:{self.port} ssl; ssl_protocols TLSv1.3; ssl_certificate {self.certificate}.crt; "
                f"ssl_certificate_key {self.certificate}; ssl_buffer_size 16k;")

    def command(self, target):
        there = f"{target}/{self.path.name}"
        return ["sh", "-c", f"curl --silent --fail --insecure --tls13-ciphers TLS_AES_128_GCM_SHA256 --output '{there}' "
                            f"'https{self.url[4:]}' && openssl dgst -sha256 '{there}'"]


class CurlThenOpenssl(Curl):
    rivals = ("nginx", "curl", "openssl")

    def command(self, target):
        there = f"{target}/{self.path.name}"
        return ["sh", "-c", f"curl --silent --fail --output '{there}' '{self.url}' && openssl dgst -sha256 '{there}'"]
