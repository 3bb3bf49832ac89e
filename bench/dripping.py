"""One honest source of 8 MB/s beside some that drip 1 KiB/s, all scripted (bench/scripted_source.py), on the loopback.

Whoever asks a dripping source for much must take it back in time. Called by uneven.py, for a node and for libtorrent.
"""
import contextlib
import json
import pathlib
import shutil
import tempfile

import harness
import machine
import scripted_source
from node_swarm import check_copies
from suite import Nodes
from transfers import BENCH, PYTHON

HONEST_BYTES_PER_SECOND = 8e6
DRIP_BYTES_PER_SECOND = 1024


def node_command(torrent, target, ports):
    peers = [word for port in ports for word in ("--peer", f"127.0.0.1:{port}")]
    return [harness.NODE, "download", torrent, *peers, "--dir", target, "--state", target / ".state"]


def libtorrent_command(torrent, target, ports):
    return [PYTHON, BENCH / "libtorrent_node.py", torrent, target, *(f"--peer=127.0.0.1:{port}" for port in ports)]


COMMANDS = {"node": node_command, "libtorrent": libtorrent_command}


def fetch(subject, torrent, path, target, dripping, seconds_max):
    """(seconds, whether it was stopped)."""
    target.mkdir()
    known = scripted_source.Torrent(torrent)
    machine.warm_memory(2 * path.stat().st_size)
    with contextlib.ExitStack() as ends:
        sources = [scripted_source.Source(known, path, rate)
                   for rate in [DRIP_BYTES_PER_SECOND] * dripping + [HONEST_BYTES_PER_SECOND]]
        for source in sources:
            ends.callback(source.close)
        run = machine.Run(COMMANDS[subject](torrent, target, [source.port for source in sources]), seconds_max)
    if run.code == -9:
        return seconds_max, True
    if run.code != 0:
        raise RuntimeError(f"{run.command} failed with {run.code}: {run.err[-500:]}")
    check_copies(path, [target / path.name])
    return json.loads(run.out.splitlines()[-1])["complete"] if subject == "libtorrent" else run.seconds, False


def run_drip(subject, directory, path, dripping=4, stopped_at=6):
    directory = pathlib.Path(tempfile.mkdtemp(prefix="drip-", dir=directory))
    try:
        torrent = directory / "file.torrent"
        with Nodes(directory) as nodes:
            peer = nodes.peer("maker")
            peer.add(path)
            peer.ok("torrent", path.name, "-o", torrent)
        alone, stopped = fetch(subject, torrent, path, directory / "alone", 0, 60)
        if stopped:
            raise RuntimeError("the honest source alone was too slow")
        seconds, stopped = fetch(subject, torrent, path, directory / "beside", dripping, stopped_at * alone)
        return {"stopped": stopped, "seconds": seconds, "alone": alone, "of_bound": seconds / alone}
    finally:
        shutil.rmtree(directory, ignore_errors=True)
