"""The programs that shoal is compared with: whether they are here, and which version.

Each is optional: tools/bench --install-rivals installs the Debian packages.
"""
import functools
import re
import shutil
import subprocess


class Rival:
    def __init__(self, name, programs, packages, version):
        self.name = name
        self.programs = programs
        self.packages = packages
        self.version_command = version

    def available(self):
        return self.version() is not None

    @functools.cache
    def version(self):
        """The first line of what it says of itself, None when it is not installed."""
        if not all(shutil.which(program) for program in self.programs):
            return None
        done = subprocess.run(self.version_command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        lines = (done.stdout + done.stderr).strip().splitlines()
        if not lines or (done.returncode != 0 and "version" not in lines[0].lower()):
            return None
        return re.sub(r" \((?!GNU).*", "", lines[0].strip())


LIBTORRENT = ["/usr/bin/python3", "-c", "import libtorrent; print('libtorrent', libtorrent.__version__)"]
ALL = {rival.name: rival for rival in (
    Rival("libtorrent", [], ["python3-libtorrent"], LIBTORRENT),
    Rival("aria2", ["aria2c"], ["aria2"], ["aria2c", "--version"]),
    Rival("nginx", ["nginx"], ["nginx-light"], ["nginx", "-v"]),
    Rival("curl", ["curl"], ["curl"], ["curl", "--version"]),
    Rival("openssl", ["openssl"], ["openssl"], ["openssl", "version"]),
    Rival("rsync", ["rsync"], ["rsync"], ["rsync", "--version"]),
    Rival("tar", ["tar"], ["tar"], ["tar", "--version"]),
    Rival("nc", ["nc"], ["netcat-openbsd"], ["dpkg-query", "-W", "-f=netcat-openbsd ${Version}", "netcat-openbsd"]),
    Rival("sha256sum", ["sha256sum"], ["coreutils"], ["sha256sum", "--version"]),
    Rival("b3sum", ["b3sum"], ["b3sum"], ["b3sum", "--version"]),
    Rival("mktorrent", ["mktorrent"], ["mktorrent"],
          ["dpkg-query", "-W", "-f=mktorrent ${Version}", "mktorrent"]),
)}


def versions():
    """(name, version) of those that are installed."""
    return [(rival.name, rival.version()) for rival in ALL.values() if rival.available()]
