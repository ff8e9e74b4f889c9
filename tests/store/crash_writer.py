"""Replaces one document over and over until it is killed. Run by test_edge.py.

Says `opened`, then the number of each version once its replacement was acknowledged.
"""

import sys
from itertools import count
from pathlib import Path

from rag.store.edge import EdgeStore
from tests.store.oracle import SPEC, indexed

SIZE = 600
"""Chunks of a version: several batches."""


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    store = EdgeStore(Path(sys.argv[1]), SPEC)
    say("opened")
    if sys.argv[2] == "hold":
        sys.stdin.read()
        return
    for number in count(int(sys.argv[2])):
        version = str(number)
        store.add("d", version, [indexed("d", n, version=version) for n in range(SIZE)])
        store.drop("d", [str(number - 1)])
        say(str(number))


if __name__ == "__main__":
    main()
