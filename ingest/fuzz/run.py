"""Thousands of damaged files through the real parser: `make fuzz`.

Each file is made anew from its number, read by `ingest.guard.parser` (two at a time, as in the
product) and cut into chunks, and must end in one of the stated outcomes: read, or rejected with
one clear line. A crash of this process, a hang, another exception, or text that cannot be stored
is a failure; the file is kept. What a reader died of (the product says "damaged") is counted by
its kind and kept too: it hurt nobody, but the reader can be mended. Embedding is not fuzzed.
"""

import argparse
import json
import random
import re
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from ingest.chunk import chunk
from ingest.fuzz.mutate import mutate
from ingest.fuzz.seeds import FORMATS, Seeds, seeds
from ingest.guard.parser import Parser
from ingest.limits import Limits
from ingest.parse import Parsed
from serving.errors import RejectedFile

LIMITS = Limits(seconds=20, memory_mb=1024, pages=500, expanded_mb=64, members=1000)
"""Tighter than the product's, so that a file that meets one costs less."""
_AT_ONCE = 2
_HUNG = 15
"""Seconds beyond the limit after which an answer came too late."""
_KEPT_OF_A_KIND = 3
_REASONS = (
    ("reader died", r"signal \d+|ends the program"),
    ("reader erred", r"cannot be read \([A-Z]\w+\)"),
    ("limit: time", "FOOTNOTE_MAX_PARSE_SECONDS"),
    ("limit: memory", "FOOTNOTE_MAX_PARSE_MEMORY_MB"),
    ("limit: expansion", "FOOTNOTE_MAX_EXPANDED_MB"),
    ("limit: members", "FOOTNOTE_MAX_MEMBERS"),
    ("limit: pages", "FOOTNOTE_MAX_PAGES"),
    ("nested too deep", r"deep|parts within parts"),
    ("locked", "password|encrypted"),
    ("no text", r"no text|empty|holds no|images only|none of its"),
    ("not what it is named", r"its content is"),
    ("type not read", "not read|are not read"),
    ("damaged", "damaged|cut short|cannot be opened|encoding cannot be told"),
)
"""The first that fits a message is its class."""
FAILED = "FAILED"
_WORTH_KEEPING = ("reader died", "reader erred", "limit: time", "limit: memory", FAILED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file."""

    number: int
    format: str
    kind: str
    """`read`, a class of reasons, or `FAILED`."""
    message: str
    seconds: float


class Fuzz:
    """Files by number; the same ones for the same seed and seed files."""

    def __init__(self, seed: int, found: Seeds) -> None:
        self._seed = seed
        self._seeds = found

    def make(self, number: int) -> tuple[str, str, bytes]:
        """Format, name and content of the file `number`."""
        rng = random.Random(f"{self._seed}:{number}")  # noqa: S311 - damage, no secrets
        format_ = FORMATS[number % len(FORMATS)]
        suffix, data = rng.choice(self._seeds[format_])
        return format_, f"{self._seed}-{number}{suffix}", mutate(rng, data)

    def run(self, numbers: Sequence[int], keep: Path | None, limits: Limits) -> Iterator[Outcome]:
        """Read each file; those worth a look are written into `keep`."""
        parser = Parser(limits)
        kept: Counter[str] = Counter()
        try:
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                futures = [(n, pool.submit(self._one, parser, n)) for n in numbers]
                for number, future in futures:
                    # Any other exception than a rejection is what is looked for.
                    error = future.exception()
                    outcome = self._failed(number, error) if error else future.result()
                    kind = re.sub(r"^\S+ ", "", outcome.message)
                    if keep and outcome.kind in _WORTH_KEEPING and kept[kind] < _KEPT_OF_A_KIND:
                        kept[kind] += 1
                        _, name, data = self.make(outcome.number)
                        (keep / name).write_bytes(data)
                    yield outcome
        finally:
            parser.close()

    def _failed(self, number: int, error: BaseException) -> Outcome:
        format_, name, _ = self.make(number)
        return Outcome(number, format_, FAILED, f"{name} {type(error).__name__}: {error}", 0)

    def _one(self, parser: Parser, number: int) -> Outcome:
        format_, name, data = self.make(number)
        start = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "stored"
            path.write_bytes(data)
            members = Path(folder) / "members"
            members.mkdir()
            try:
                kind, message = "read", _fault(parser.parse(path, name, members))
            except RejectedFile as error:
                kind, message = _kind(name, str(error)), str(error)
        seconds = time.monotonic() - start
        if seconds > parser.limits.seconds + _HUNG:
            kind, message = FAILED, f"{name} hung for {seconds:.0f} s"
        if kind == "read" and message:
            kind = FAILED
        return Outcome(number, format_, kind, message, seconds)


def _fault(parsed: Parsed) -> str:
    """Why the application could not use what was read; empty: it can."""
    pages = {e.metadata.page_number or 0 for e in parsed.elements}
    if parsed.pages and max(pages, default=0) > parsed.pages:
        return f"an element is on page {max(pages)} of {parsed.pages}"
    if not (parsed.elements or parsed.members or parsed.blank or parsed.unread):
        return "nothing was read, and no word about it"
    for item in chunk(parsed.elements, "fuzz", "1", _count_words, 500):
        item.embedded_text.encode("utf-8")
        sides = [side for b in item.boxes for side in (b.left, b.bottom, b.right, b.top)]
        if not all(map(isfinite, sides)):
            return "a box without an end"
    return ""


def _count_words(texts: Sequence[str]) -> list[int]:
    """In place of an embedding model's tokens: the model is not what is fuzzed."""
    return [len(text) // 4 + 2 for text in texts]


def _kind(name: str, message: str) -> str:
    if not message.startswith(f"{name}: ") or "\n" in message or not message.endswith("."):
        return FAILED
    text = message.removeprefix(name)
    return next((kind for kind, pattern in _REASONS if re.search(pattern, text)), FAILED)


def table(outcomes: Sequence[Outcome]) -> str:
    """Outcomes by format, as Markdown."""
    counts = Counter((o.kind, o.format) for o in outcomes)
    kinds = ["read", *(kind for kind, _ in _REASONS), FAILED]
    lines = [f"| outcome | {' | '.join(FORMATS)} | all |", "|---|" + "--:|" * (len(FORMATS) + 1)]
    for kind in kinds:
        row = [counts[kind, format_] for format_ in FORMATS]
        lines.append(f"| {kind} | {' | '.join(map(str, row))} | {sum(row)} |")
    totals = [sum(1 for o in outcomes if o.format == format_) for format_ in FORMATS]
    lines.append(f"| files | {' | '.join(map(str, totals))} | {len(outcomes)} |")
    return "\n".join(lines)


def _arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ingest.fuzz.run", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="how many files")
    parser.add_argument("--first", type=int, default=0, help="number of the first")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--docs", type=Path, help="folder of real files to damage too")
    parser.add_argument("--keep", type=Path, default=Path("var/fuzz"), help="where files are kept")
    parser.add_argument("--json", type=Path, help="write every outcome here")
    return parser.parse_args(given)


def main(given: Sequence[str]) -> int:
    """Fuzz, print the table; 1 if a file failed."""
    arguments = _arguments(given)
    arguments.keep.mkdir(parents=True, exist_ok=True)
    found = seeds(arguments.docs if arguments.docs and arguments.docs.is_dir() else None)
    fuzz = Fuzz(arguments.seed, found)
    numbers = range(arguments.first, arguments.first + arguments.count)
    start, outcomes = time.monotonic(), []
    for outcome in fuzz.run(numbers, arguments.keep, LIMITS):
        outcomes.append(outcome)
        if outcome.kind in _WORTH_KEEPING:
            sys.stdout.write(f"{outcome.kind}: {outcome.message}\n")
            sys.stdout.flush()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    slowest = max(outcomes, key=lambda o: o.seconds)
    sys.stdout.write(
        f"\n{table(outcomes)}\n\nseed {arguments.seed}, {time.monotonic() - start:.0f} s, "
        f"slowest file {slowest.seconds:.1f} s, this process at most {peak} MiB\n"
    )
    if arguments.json:
        rows = [[o.number, o.format, o.kind, o.message, round(o.seconds, 3)] for o in outcomes]
        arguments.json.write_text(json.dumps(rows), "utf-8")
    return int(any(outcome.kind == FAILED for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
