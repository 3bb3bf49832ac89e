#!/usr/bin/python3
"""Installs, starts, upgrades and purges the package in a bare Debian 12 that mmdebstrap makes. tools/package --test.

    tests/packaging/bare_root.py PACKAGE [--keep]

1. Without systemd, in a chroot: apt installs the package and what it depends on. The lines of ExecStart= run as another
   user than root, with a service manager that this script plays.
2. With systemd, in the namespaces of systemd-nspawn: in_systemd.sh does what an administrator does. Where the kernel
   does not let systemd start, this part is left out, and the script says so.

Needs root and the network of apt. --keep leaves the roots.
"""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
MIRROR = "deb http://deb.debian.org/debian bookworm main"
APT = ["apt-get", "-q", "-y", "-o", "APT::Install-Recommends=false"]
STEP_SECONDS_MAX = 600  # downloads, on a slow line
READY_SECONDS_MAX = 30
END_SECONDS_MAX = 2
BOOT_SECONDS_MAX = 300
NOBODY = 65534


def say(text):
    print(f"package: {text}", flush=True)


def run(*words, check=True, **options):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          timeout=STEP_SECONDS_MAX, **options)
    if check and done.returncode != 0:
        sys.exit(f"package: {' '.join(map(str, words))} ends with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done


def expect(condition, what):
    if not condition:
        sys.exit(f"package: not so: {what}")


def remove(directory):
    """Deletes the roots. Never goes into what is mounted there: that may be a folder of this machine."""
    mounts = [line.split()[1] for line in pathlib.Path("/proc/self/mounts").read_text().splitlines()]
    inside = [mount for mount in mounts if mount == str(directory) or mount.startswith(f"{directory}/")]
    if inside:
        return say(f"{directory} stays, because something is mounted in it: {' '.join(inside)}")
    subprocess.run(["rm", "--recursive", "--force", "--one-file-system", directory], check=False)


class Root:
    """A bare Debian 12 in a directory."""

    def __init__(self, directory, *packages):
        self.path = directory
        include = [f"--include={','.join(packages)}"] if packages else []
        # mmdebstrap mounts folders of this machine in the root, and leaves them there when it is killed. They end with
        # this namespace.
        run("unshare", "--mount", "--propagation", "private", "mmdebstrap", "--variant=minbase", *include, "bookworm",
            directory, MIRROR)
        # Nothing starts in a chroot.
        (directory / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
        (directory / "usr/sbin/policy-rc.d").chmod(0o755)
        (directory / "packages").mkdir()
        shutil.copy("/etc/resolv.conf", directory / "etc/resolv.conf")
        self.run(*APT, "update")

    def __truediv__(self, path):
        return self.path / path

    def run(self, *words, check=True):
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
        return run("unshare", "--mount", "--mount-proc", "--pid", "--fork", "--root", self.path, *words, check=check,
                   env=environment)


def newer(package, directory):
    """The same package as a later version, with a setting more: what a new version brings."""
    tree = directory / "newer"
    run("dpkg-deb", "--raw-extract", package, tree)
    control = (tree / "DEBIAN/control").read_text()
    version = re.search(r"^Version: (.*)$", control, re.MULTILINE)[1]
    (tree / "DEBIAN/control").write_text(control.replace(f"Version: {version}", f"Version: {version}+newer"))
    with open(tree / "etc/shoal/peer.ini", "a") as settings:
        settings.write("# A line that the newer version brings.\n")
    out = directory / "shoal_newer.deb"
    run("dpkg-deb", "--root-owner-group", "--build", tree, out)
    return out, f"{version}+newer"


class Manager:
    """What systemd is to a service of Type=notify."""

    def __init__(self, root):
        self.path = root / "run/notify"
        self.path.unlink(missing_ok=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.path.chmod(0o666)
        self.socket.settimeout(READY_SECONDS_MAX)

    def hears(self, word):
        said = self.socket.recv(4096).decode().splitlines()
        expect(word in said, f"the service says {word}; it said {said}")


def exec_start(root, unit):
    text = (root / "lib/systemd/system" / unit).read_text()
    return re.search(r"^ExecStart=(.*)$", text, re.MULTILINE)[1].replace("%S", "/var/lib").split()


def start_by_hand(root, unit, manager):
    """Runs the line of the unit as nobody, in a chroot and a network of its own; returns the process."""
    command = exec_start(root, unit)
    script = 'ip link set lo up 2>/dev/null; exec chroot --userspec=65534:65534 "$0" "$@"'
    return subprocess.Popen(["unshare", "--net", "sh", "-c", script, str(root.path), *command],
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "NOTIFY_SOCKET": "/run/notify"})


def without_systemd(root, package, later):
    for deb in (package, later):
        shutil.copy(deb, root / "packages")
    root.run(*APT, "install", f"/packages/{package.name}")
    said = root.run("shoal", "--help").stdout
    expect("Usage: shoal COMMAND" in said, "the program calls itself shoal")
    for path in ("usr/share/man/man1/shoal.1.gz", "usr/share/man/man1/shoal-peer.1.gz", "etc/shoal/peer.ini",
                 "usr/share/bash-completion/completions/shoal", "usr/share/zsh/vendor-completions/_shoal",
                 "usr/share/fish/vendor_completions.d/shoal.fish", "lib/systemd/system/shoal-peer.service"):
        # A minimal image may leave out what is in usr/share/man.
        expect((root / path).exists() or "/man/" in path, f"{path} is installed")
    listed = root.run("dpkg", "--verify", "shoal").stdout
    expect(listed == "", f"the files are as packed: {listed}")
    say("installed in a bare root, with what it depends on: "
        + re.search(r"Depends: (.*)", root.run("dpkg", "--status", "shoal").stdout)[1])

    state = root / "var/lib/shoal-peer"
    state.mkdir()
    os.chown(state, NOBODY, NOBODY)
    for unit in ("shoal-tracker.service", "shoal-peer.service"):
        manager = Manager(root)
        process = start_by_hand(root, unit, manager)
        manager.hears("READY=1")
        if "peer" in unit:
            by_root = root.run("shoal", "status", "--state", "/var/lib/shoal-peer")
            expect("listens" in by_root.stdout, "root talks to the peer of another user")
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        code = process.wait(READY_SECONDS_MAX)
        seconds = time.monotonic() - begun
        manager.hears("STOPPING=1")
        expect(code == 0 and seconds < END_SECONDS_MAX, f"{unit} ends well and soon: {code} after {seconds:.1f} s")
        say(f"{unit}: its command, as nobody, says READY=1; SIGTERM: STOPPING=1, exit 0 after {seconds:.2f} s")

    settings = root / "etc/shoal/tracker.ini"
    settings.write_text(settings.read_text() + "heartbeat = 4000\n")
    root.run(*APT, "install", f"/packages/{later.name}")
    expect("heartbeat = 4000" in settings.read_text(), "an upgrade keeps settings that were changed")
    expect("newer version brings" in (root / "etc/shoal/peer.ini").read_text(), "an upgrade renews settings that were not")
    expect(state.exists(), "an upgrade keeps the state")
    root.run(*APT, "remove", "shoal")
    expect(settings.exists() and state.exists(), "a removal keeps settings and state")
    root.run(*APT, "purge", "shoal")
    left = [path for path in ("usr/bin/shoal", "etc/shoal", "var/lib/shoal-peer", "usr/libexec/shoal",
                              "usr/share/doc/shoal") if (root / path).exists()]
    expect(not left, f"a purge leaves nothing; it left {left}")
    say("upgraded, removed and purged without systemd: nothing is left")


def with_systemd(directory, package, later):
    nspawn = shutil.which("systemd-nspawn")
    if nspawn is None:
        return say("LEFT OUT: systemd itself, because systemd-nspawn is not installed (apt install systemd-container)")
    root = Root(directory / "with", "systemd", "systemd-sysv", "dbus")
    (root / "usr/sbin/policy-rc.d").unlink()
    shutil.copy(package, root / "packages/shoal.deb")
    shutil.copy(later, root / "packages/newer.deb")
    root.run(*APT, "install", "--download-only", "/packages/shoal.deb")
    shutil.copy(HERE / "in_systemd.sh", root / "in_systemd.sh")
    (root / "etc/systemd/system/in-systemd.service").write_text(
        "[Unit]\nAfter=multi-user.target dbus.service\n[Service]\nType=oneshot\n"
        "ExecStart=/bin/bash /in_systemd.sh\nExecStopPost=/bin/systemctl --no-block poweroff\n"
        "StandardOutput=file:/out\nStandardError=file:/out\n")
    wants = root / "etc/systemd/system/default.target.wants"
    wants.mkdir()
    (wants / "in-systemd.service").symlink_to("../in-systemd.service")
    (root / "etc/machine-id").write_text("")
    boot = run("timeout", BOOT_SECONDS_MAX, "unshare", "--mount", "--propagation", "private", nspawn,
               f"--directory={root.path}", "--boot", "--register=no", "--keep-unit", "--private-network", check=False)
    out = root / "out"
    if not out.exists():
        return say(f"LEFT OUT: systemd itself, because it does not start here:\n{boot.stdout}{boot.stderr}")
    text = out.read_text()
    for line in re.findall(r"^ok: (.*)$", text, re.MULTILINE):
        say(f"with systemd: {line}")
    expect(text.endswith("ok: all\n"), f"in_systemd.sh comes to its end:\n{text}")


def main():
    words = [word for word in sys.argv[1:] if word != "--keep"]
    if len(words) != 1 or words[0].startswith("-"):
        print(__doc__.strip())
        return 2
    if os.geteuid() != 0:
        sys.exit("package: only root can make a bare root: run it with sudo")
    package = pathlib.Path(words[0]).resolve()
    directory = pathlib.Path(tempfile.mkdtemp(prefix="shoal-package-"))
    directory.chmod(0o755)
    try:
        later, _ = newer(package, directory)
        without_systemd(Root(directory / "without"), package, later)
        with_systemd(directory, package, later)
    finally:
        if "--keep" in sys.argv:
            say(f"the roots are in {directory}")
        else:
            remove(directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
