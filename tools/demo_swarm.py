"""The demonstration behind tools/demo: a swarm of real processes, a seeder that is killed, and SHA-256 at the end."""
import argparse
import json
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
# The processes of the integration tests; the harness asks the environment for the binary.
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests/integration"))
os.environ["SHOAL_NODE"] = str(ROOT / "build/release/node")
import harness  # found only now

MIB = 1 << 20
TREE_BYTES = 300 * MIB
TREE_FILES = 3000
TREE_FILE_BYTES = 8 * MIB
KILL_AT = 0.30
DOWNLOAD_SECONDS = 300
ON_TERMINAL = sys.stdout.isatty()


def style(code, text):
    return f"\033[{code}m{text}\033[0m" if ON_TERMINAL else text


def say(text=""):
    print(text, flush=True)


def step(text):
    say("\n" + style("1", text))


def size(count):
    for unit in ("B", "kB", "MB"):
        if count < 999.5:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.2f} GB"


class Failure(Exception):
    pass


class Demonstration(harness.Swarm):
    """A swarm in a directory of its own; end() takes everything down again."""

    # In a session of its own, so that Ctrl-C reaches only this process.
    prefix = ["setsid"]

    def __init__(self, directory, keep):
        self.directory, self.keep, self.processes, self.ends = pathlib.Path(directory), keep, [], []
        if not keep:  # dies with the demonstration, even if that is killed
            self.prefix = [*self.prefix, "setpriv", "--pdeathsig", "TERM"]

    def addCleanup(self, function, *arguments):
        self.ends.append((function, arguments))

    def begin(self, process, name):
        process.name = name
        self.processes.append(process)
        return process

    def end(self):
        for process in self.processes:
            if process.process.poll() is None:
                process.process.terminate()
        for process in self.processes:
            try:
                process.process.wait(harness.PATIENCE)
            except subprocess.TimeoutExpired:
                pass  # killed below
        for function, arguments in reversed(self.ends):
            function(*arguments)


def make_file(path, count):
    """Random data, at the speed of AES: incompressible, and no two blocks alike."""
    zeros = subprocess.Popen(["head", "-c", str(count), "/dev/zero"], stdout=subprocess.PIPE)
    with open(path, "wb") as file:
        subprocess.run(["openssl", "enc", "-aes-128-ctr", "-nosalt", "-pbkdf2", "-iter", "1", "-pass",
                        f"pass:{os.urandom(16).hex()}"], stdin=zeros.stdout, stdout=file, check=True)
    zeros.wait()


def make_tree(target):
    """Copies the smallest and the largest files of this machine, TREE_FILES and TREE_BYTES at most."""
    found = []
    for source in ("/usr/share", "/usr/include"):
        for folder, folders, names in os.walk(source):
            for path in (os.path.join(folder, name) for name in names):
                if os.path.isfile(path) and not os.path.islink(path) and os.access(path, os.R_OK):
                    if os.path.getsize(path) <= TREE_FILE_BYTES:
                        found.append((os.path.getsize(path), path))
    found.sort()
    count = total = 0
    for bytes_, path in found[:TREE_FILES // 2] + found[::-1][:TREE_FILES // 2]:
        copy = os.path.join(target, os.path.relpath(path, "/usr"))
        if total + bytes_ > TREE_BYTES or os.path.exists(copy):
            continue
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        shutil.copyfile(path, copy)
        count, total = count + 1, total + bytes_
    return count, total


def address(process):
    return process.ready["listen"][0]


def bar(share, width=28):
    full = min(width, int(share * width))
    return "█" * full + "░" * (width - full)


class Screen:
    """Progress bars: redrawn in place on a terminal, two sets of lines a second elsewhere."""

    def __init__(self):
        self.drawn, self.last = 0, 0.0

    def draw(self, lines, final=False):
        if ON_TERMINAL:
            sys.stdout.write((f"\033[{self.drawn}A" if self.drawn else "") + "".join(f"\033[2K{l}\n" for l in lines))
            sys.stdout.flush()
            self.drawn = len(lines)
        elif final or time.monotonic() - self.last >= 0.5:
            self.last = time.monotonic()
            say("\n".join(lines))

    def note(self, text):
        self.drawn = 0
        say(text)


def end_download(download):
    if download.poll() is None:
        download.kill()
    download.communicate()


def watch(swarm, leechers, shares, victim, screen):
    """Follows the downloads, kills `victim` when KILL_AT is passed, and returns {leecher: result rows}."""
    total = sum(share["bytes"] for share in shares)
    started = time.monotonic()
    running, results = {}, {}
    for leecher in leechers:
        running[leecher] = leecher.start("download", *[share["id"] for share in shares], "--json")
        swarm.addCleanup(end_download, running[leecher])
    killed_at = None
    while running:
        lines, done_all = [], 0
        for leecher in leechers:
            if leecher in results:
                lines.append(f"  {leecher.name}  {bar(1)} 100 %  complete")
                done_all += total
                continue
            rows = leecher.json("status")["downloads"]
            done = sum(row["done"] for row in rows)
            done_all += done
            rate = sum(row["rate"] for row in rows)
            active = {s["peer"] or s["address"] for row in rows for s in row["sources"] if s["state"] == "active"}
            reason = next((row["reason"] for row in rows if row["reason"]), "")
            if not reason and not active:
                reason = "finishing" if done > 0 else "beginning"
            doing = f"{size(rate):>7}/s from {len(active)}  {reason}" if done < total else "written out to the disk"
            # A line that wraps would leave its rest behind when the bars are drawn again.
            width = shutil.get_terminal_size((119, 24)).columns - 1
            lines.append(f"  {leecher.name}  {bar(done / total)} {100 * done / total:3.0f} %  {doing}"[:width].rstrip())
        screen.draw(lines)
        if killed_at is None and done_all >= KILL_AT * total * len(leechers):
            victim.process.kill()
            victim.process.wait()
            killed_at = done_all / (total * len(leechers))
            screen.note(style("31", f"  ✗ {victim.name} killed with SIGKILL at {100 * killed_at:.0f} %; "
                                    "its chunks go to the living"))
        for leecher, download in list(running.items()):
            if download.poll() is None:
                continue
            text, complaint = download.communicate()
            if download.returncode != 0:
                raise Failure(f"the download on {leecher.name} failed with exit code {download.returncode}: "
                              f"{complaint[-2000:]}")
            results[leecher] = [row for row in json.loads(text) if row["phase"] == "complete"]
            del running[leecher]
        if time.monotonic() - started > DOWNLOAD_SECONDS:
            raise Failure(f"the downloads are not complete after {DOWNLOAD_SECONDS} s")
        time.sleep(0.05)
    screen.draw([f"  {leecher.name}  {bar(1)} 100 %  complete" for leecher in leechers], final=True)
    return results, time.monotonic() - started, killed_at


def table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for n, row in enumerate(rows):
        line = "  " + "  ".join(cell.ljust(w) if i < 2 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths)))
        say(style("1", line) if n == 0 else line)


def report(results, swarm_peers):
    identities = {}
    for peer in swarm_peers:
        identities[peer.ready["peer"]] = peer.name
        identities[address(peer)] = peer.name
    names = [peer.name for peer in swarm_peers]
    rows = [["to", "share", "time", "rate"] + names + ["stolen", "requeued"]]
    for leecher in sorted(results, key=lambda peer: peer.name):
        for row in sorted(results[leecher], key=lambda r: r["name"]):
            taken = dict.fromkeys(names, 0)
            for source in row["sources"]:
                name = identities.get(source["peer"]) or identities.get(source["address"])
                if name:
                    taken[name] += source["bytes"]
            elapsed = max(row["elapsed"], 1e-3)
            rows.append([leecher.name, row["name"], f"{elapsed:.1f} s", size(row["bytes"] / elapsed) + "/s"]
                        + [size(taken[n]) if n != leecher.name else "–" for n in names]
                        + [str(row["chunks_stolen"]), str(row["chunks_requeued"])])
    say("  What came from whom; chunks stolen from slower sources; chunks queued again after a source was lost:")
    table(rows)


def verify(source, targets, directory):
    """sha256sum over the source, then `sha256sum --check` of the same list at each target. Also no file too many."""
    listing = os.path.join(directory, "SHA256SUMS")
    with open(listing, "wb") as out:
        subprocess.run("find . -type f -print0 | sort -z | xargs -0 -n 500 -P 1 sha256sum", shell=True, cwd=source,
                       stdout=out, check=True)
    with open(listing, "rb") as file:
        expected = len(file.readlines())
    checks = [(t, subprocess.Popen(["sha256sum", "--check", "--quiet", "--strict", listing], cwd=t.dir,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)) for t in targets]
    for target, check in checks:
        output = check.communicate()[0]
        found = sum(len(names) for folder, folders, names in os.walk(target.dir))
        if check.returncode != 0 or found != expected:
            raise Failure(f"{target.name} has {found} files of {expected}; sha256sum says:\n{output}")
        say(f"  {style('32', '✓')} {target.name}: sha256sum --check: {expected} of {expected} files OK")


def by_hand(swarm, tracker, peers):
    say()
    if swarm.keep:
        stop = os.path.join(swarm.directory, "stop")
        pids = " ".join(str(p.process.pid) for p in swarm.processes if p.process.poll() is None)
        with open(stop, "w") as file:
            file.write(f"#!/bin/sh\n# Ends the swarm of the demonstration and deletes its files.\n"
                       f"kill {pids}\nrm -rf {shlex.quote(str(swarm.directory))}\n")
        os.chmod(stop, 0o755)
        say(style("1", "The swarm is still running. Try:"))
        node, state = os.path.relpath(harness.NODE), shlex.quote(str(peers[-1].state))
        say(f"  {node} list  --state {state}\n  {node} peers --state {state}\n  {node} add README.md --state {state}\n"
            f"  {node} peer --tracker {address(tracker)}      one more peer, with a console\n"
            f"Stop it and delete its files:\n  {stop}")
        return
    say(style("1", "By hand, in three terminals:") + """
  build/release/node tracker
  build/release/node peer --tracker 127.0.0.1:7000 --state /tmp/a --share README.md
  build/release/node peer --tracker 127.0.0.1:7000 --state /tmp/b --dir /tmp      then type: LIST, DOWN README.md
tools/demo --keep leaves this swarm running instead.""")


def run(swarm, mib):
    begin = time.monotonic()
    source = os.path.join(swarm.directory, "data")
    os.makedirs(source)
    step("1. Something to share")
    make_file(os.path.join(source, "model.bin"), mib * MIB)
    say(f"  model.bin   {size(mib * MIB)} of random data")
    files, count = make_tree(os.path.join(source, "tree"))
    say(f"  tree/       {files} files of this machine, {size(count)}")

    step("2. A tracker and four peers, each a process of its own")
    tracker = swarm.begin(swarm.tracker("--log-level", "info"), "tracker")
    peers = [swarm.begin(swarm.peer(name, tracker, "--log-level", "info"), name)
             for name in ("seeder 1", "seeder 2", "peer 3", "peer 4")]
    for process in [tracker] + peers:
        say(f"  {process.name:<9} {address(process):<18} pid {process.process.pid}")

    step("3. The seeders share; everybody sees it")
    for seeder in peers[:2]:
        seeder.ok("add", os.path.join(source, "model.bin"), os.path.join(source, "tree"))
    shares = [swarm.wait_listed(peers[3], name, seeders=2) for name in ("model.bin", "tree")]
    say(style("2", "  $ node list        (on peer 4)"))
    shown = peers[3].ok("list").out
    say("\n".join("  " + line for line in shown.rstrip().split("\n")))

    step("4. Two peers download both at once; a seeder dies on the way")
    results, elapsed, killed_at = watch(swarm, peers[2:], shares, peers[1], Screen())
    if killed_at is None:
        raise Failure("the downloads were complete before a seeder could be killed; try --mib 4096")
    moved = sum(row["bytes"] for rows in results.values() for row in rows)
    say(f"  {size(moved)} arrived in {elapsed:.1f} s: {size(moved / elapsed)}/s together\n")
    report(results, peers)

    step("5. Is it right?")
    verify(source, peers[2:], swarm.directory)
    say(f"\n{style('32;1', 'All of it arrived whole')} though a seeder died. {time.monotonic() - begin:.0f} s in all.")
    by_hand(swarm, tracker, peers)


def main():
    parser = argparse.ArgumentParser(prog="tools/demo")
    parser.add_argument("--keep", action="store_true", help="leave the swarm running")
    parser.add_argument("--dir", help="where to put the data, instead of the temporary directory")
    parser.add_argument("--mib", type=int, default=1024, help="size of the big file in MiB (default: 1024)")
    arguments = parser.parse_args()
    if arguments.mib < 64:
        parser.error("--mib needs at least 64: a smaller file arrives before a seeder can be killed")
    directory = tempfile.mkdtemp(prefix="shoal-demo-", dir=arguments.dir)
    needed = 3 * (arguments.mib * MIB + TREE_BYTES) + 256 * MIB
    swarm = Demonstration(directory, arguments.keep)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))
    kept = False
    try:
        if shutil.disk_usage(directory).free < needed:
            raise Failure(f"{directory} needs {size(needed)} of free space; name another place with --dir")
        run(swarm, arguments.mib)
        kept = arguments.keep
        return 0
    except (Failure, AssertionError) as failure:
        say(style("31", f"\ndemo: {failure}"))
        return 1
    except KeyboardInterrupt:
        say("\ndemo: interrupted")
        return 130
    finally:
        if not kept:
            say(style("2", "Ending the swarm and deleting its files."))
            swarm.end()
            shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
