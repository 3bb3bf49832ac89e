"""The options of tools/chaos."""
import argparse
import os
import pathlib
import random

ROOT = pathlib.Path(__file__).resolve().parent.parent


def options(description):
    parser = argparse.ArgumentParser(prog="tools/chaos", description=description)
    parser.add_argument("--node", metavar="PATH", help="binary (default: SHOAL_NODE, else build/release/node)")
    parser.add_argument("--seed", type=int, metavar="N", help="of the choices (default: a random one, printed)")
    parser.add_argument("--kills", type=int, default=50, metavar="N", help="default: %(default)s")
    parser.add_argument("--rate", type=float, default=8, metavar="MB",
                        help="MB/s of the link of each peer, in each direction (default: %(default)s)")
    parser.add_argument("--patience", type=float, default=120, metavar="SECONDS",
                        help="for all downloads to end after the last kill (default: %(default)s)")
    parser.add_argument("--memory", type=float, default=200, metavar="MIB",
                        help="that no process may exceed; sanitizers need more (default: %(default)s)")
    parser.add_argument("--faults", type=float, default=0.7, metavar="P",
                        help="probability of a fault before each kill; needs a C compiler (default: %(default)s)")
    parser.add_argument("--stop", type=float, default=2, metavar="SECONDS",
                        help="that a process may take to stop (default: %(default)s)")
    parser.add_argument("--private", action="store_true", help="a private swarm: everything is encrypted")
    parser.add_argument("--keep", action="store_true", help="keeps the directory even if all is well")
    given = parser.parse_args()
    given.node = given.node or os.environ.get("SHOAL_NODE") or str(ROOT / "build/release/node")
    if not os.access(given.node, os.X_OK):
        parser.error(f"there is no program at '{given.node}': build it, or name another with --node")
    if given.seed is None:
        given.seed = random.SystemRandom().randrange(1_000_000)
    return given
