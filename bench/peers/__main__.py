"""`python -m bench.peers NAME INPUT OUTPUT`: one contender, one file in, one file out."""

import sys
from importlib import import_module

from bench.contenders import PEERS


def main(words: list[str]) -> int:
    """Run the contender of that name; only its own library is imported, or the others would pay for it."""
    name, source, target = words
    peer = next(peer for peer in PEERS if peer.name == name)
    getattr(import_module(f"bench.peers.{peer.module}"), peer.function)(source, target)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
