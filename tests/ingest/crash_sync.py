"""`crash_sync.py DATA FOLDER`: changes the folder and syncs it again and again, until killed.

Before each sync it prints the number of the edition that the folder then holds.
"""

import sys
from pathlib import Path

from ingest.sources.sync import sync
from rag.store.edge import EdgeStore
from tests.ingest.crash import SPEC, StandIn, open_pipeline
from tests.ingest.source_files import Folder, put

FILES = 8


def change(root: Path, edition: int) -> None:
    """One file new, one gone, three others, the rest as before."""
    for number in range(FILES):
        key = f"{number}.txt"
        if number == edition % FILES:
            (root / key).unlink(missing_ok=True)
        elif number in {(edition + n) % FILES for n in (1, 2, 3, FILES - 1)}:
            put(root, key, f"Rule {number} of edition {edition} says what to do.\n")


def main() -> None:
    data, root = map(Path, sys.argv[1:])
    pipeline = open_pipeline(data, EdgeStore(data / "index", SPEC), StandIn())
    pipeline.recover()
    for edition in range(1000):
        change(root, edition)
        sys.stdout.write(f"{edition}\n")
        sys.stdout.flush()
        waiting: list[str] = []
        sync(Folder(root), pipeline, waiting.append)
        for _document in pipeline.process_all(waiting):
            pass


if __name__ == "__main__":
    main()
