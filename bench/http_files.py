"""Complete files over HTTP, from the gateway of a peer and from nginx with sendfile, to the same client: curl, which
throws away what it gets. The file is on the disk, whole, and in the page cache. The peer sends only pieces that it has verified.

  one stream        1 GiB; a process of curl for each fetch
  64 connections    64 MiB by each of 64 connections at once, of one process of curl
"""
import transfers

NAME = "http"
TITLE = "Files over HTTP, beside nginx"
MIB = 1 << 20


class Discarded:
    """Mixed into a transfer: curl throws the bytes away, over `connections` connections at once."""

    connections = 1

    def command(self, target):
        return ["curl", "--silent", "--fail", "--parallel", "--parallel-immediate", "--parallel-max",
                str(self.connections), "--output", "/dev/null", f"{self.url}?[1-{self.connections}]"]


class FromNginx(Discarded, transfers.Curl):
    pass


class FromNode(Discarded, transfers.NodeSource):
    rivals = ("curl",)

    def start(self):
        super().start()
        self.url = f"http://127.0.0.1:{self.port}/s/{self.share}/{self.path.name}"


KINDS = {"node": FromNode, "nginx": FromNginx}


def of(kind, count):
    return type(kind.__name__, (kind,), {"connections": count})


def measure(suite, case, size, connections):
    with suite.directory(suite.disk_directory) as directory, suite.nodes(directory) as nodes:
        suite.require_space(directory, 2 * size)
        # A daemon that drops the rights of root must get in.
        for one in (directory, suite.disk_directory):
            one.chmod(0o755)
        path = nodes.file("source/data", size)
        subjects = {name: of(kind, connections)(f"{name} {connections}", nodes, path) for name, kind in KINDS.items()
                    if len(suite.available(*kind.rivals)) == len(kind.rivals)}
        found = suite.alternate({name: lambda one=one: one.fetch(directory) for name, one in subjects.items()})
    for name, fetches in found.items():
        sent = size * connections
        suite.row(case, name, "rate", [sent / one.seconds / 1e6 for one in fetches], "MB/s")
        suite.row(case, name, "source CPU", [one.source_cpu / (sent / 1024 / MIB) for one in fetches], "s/GiB")
    if "nginx" in found and "node" in found:
        ratios = [theirs.seconds / ours.seconds for ours, theirs in zip(found["node"], found["nginx"])]
        suite.row(case, "node / nginx", "ratio of rates", ratios, "x", goal="≥ 1")


def run(suite):
    measure(suite, "one stream", (256 if suite.quick else 1024) * MIB, 1)
    measure(suite, "64 connections", (16 if suite.quick else 64) * MIB, 64)
