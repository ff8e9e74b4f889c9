"""`python -m rag.evaluate verify`: how well true and false sentences are told apart.

Each made sentence goes through `rag/write.py` as a model's would, with a `[n]` mark and the
passages a search for it finds: what is measured is what a reader would see. A sentence is marked
if it is shown as neither quoted nor supported; a wrong citation is caught if the passage that was
wrongly cited is not cited in the end. No language model is needed. Beside it stand two plain
baselines on the cited passage alone: the share of the sentence's terms, and the highest cosine
of sentence and sentence, each with the threshold that separates best on the sets that
`fit_support` fits on.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from rag import write
from rag.cite import Citations
from rag.corpus import embedder_of
from rag.evaluate.dataset import Dataset, Selection, load
from rag.evaluate.false_sentences import WRONG, Case, cases, crossed
from rag.settings import Settings
from rag.store.sparse import SparseEncoder
from rag.support import FILE, Verifier, rank, share_of_terms
from rag.text import split_sentences
from serving.errors import ConfigError

SETS = ("xquad-en", "xquad-ru", "handbook-18f")
"""Judged on; `rag/evaluate/fit_support.py` fits on others."""
_SUPPORTED = 2


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one sentence."""

    case: Case
    marked: bool
    """Not shown as quoted or supported; of a wrong citation: no longer cited."""
    corrected: bool
    """The passage that the sentence comes from is cited in the end."""
    quote: int
    """Characters of the span cited first; 0: none."""
    seconds: float
    coverage: float
    """Baseline: share of the sentence's terms in the cited passage."""
    cosine: float
    """Baseline: highest cosine with a sentence of it; 0 without an embedding model."""


def judged(
    made: Sequence[Case], verifier: Verifier, sparse: SparseEncoder, baselines: bool
) -> Iterator[Verdict]:
    """A verdict on each sentence, in order."""
    for case in made:
        citations = Citations()
        raw = f"{case.text} [{case.cited + 1}]"
        started = perf_counter()
        said = write.verify(raw, case.passages, verifier, citations, "remove")
        seconds = perf_counter() - started
        shown = said is not None and rank(said.support) >= _SUPPORTED
        cited = [citation.passage.chunk.id for citation in citations.all()] if shown else []
        passage = case.passages[case.cited]
        marked = not shown
        if case.kind == WRONG:
            marked = passage.chunk.id not in cited
        text = passage.chunk.text
        spans = [text[a:b] for a, b in split_sentences(text)] if baselines else []
        yield Verdict(
            case,
            marked,
            case.passages[case.source].chunk.id in cited,
            len(citations.all()[0].quote) if cited else 0,
            seconds,
            share_of_terms(case.text, passage.chunk.embedded_text, sparse),
            max(verifier.cosines(case.text, spans), default=0.0),
        )


def rates(found: Sequence[Verdict], marks: Callable[[Verdict], bool]) -> tuple[float, float]:
    """Share of the false sentences caught, and of the true ones marked."""
    false = [marks(v) for v in found if not v.case.true]
    true = [marks(v) for v in found if v.case.true]
    return _share(false), _share(true)


def _share(values: Sequence[bool]) -> float:
    return sum(values) / len(values) if values else 0.0


def table(found: dict[str, list[Verdict]]) -> str:
    """Markdown: a row for each kind, a column for each set."""
    everything = [v for verdicts in found.values() for v in verdicts]
    kinds = list(Counter((v.case.true, v.case.kind) for v in everything))
    lines = [f"| sentence | {' | '.join(found)} | all |", "|---" * (len(found) + 2) + "|"]
    for true, kind in sorted(kinds):
        cells = []
        for verdicts in [*found.values(), everything]:
            of = [v.marked for v in verdicts if (v.case.true, v.case.kind) == (true, kind)]
            cells.append(f"{sum(of)}/{len(of)}" if of else "-")
        label = f"{'true' if true else 'false'}: {kind}, {'marked' if true else 'caught'}"
        lines.append(f"| {label} | {' | '.join(cells)} |")
    columns = [*found.values(), everything]
    fitted = json.loads(FILE.read_text("utf-8")).get("baselines", {})
    ways: dict[str, Callable[[Verdict], bool]] = {"verifier": lambda v: v.marked}
    if "coverage" in fitted:
        ways["baseline term coverage"] = lambda v: v.coverage < fitted["coverage"]
    if "cosine" in fitted and any(v.cosine for v in everything):
        ways["baseline cosine"] = lambda v: v.cosine < fitted["cosine"]
    for name, marks in ways.items():
        both = [rates(verdicts, marks) for verdicts in columns]
        lines.append(f"| {name}: false caught | {' | '.join(f'{c:.3f}' for c, _ in both)} |")
        lines.append(f"| {name}: true marked | {' | '.join(f'{m:.3f}' for _, m in both)} |")
    return "\n".join([*lines, *_details(columns)])


def _details(columns: Sequence[Sequence[Verdict]]) -> Iterator[str]:
    rows: dict[str, Callable[[Sequence[Verdict]], str]] = {
        "wrong citations corrected to the source": lambda vs: (
            f"{_share([v.corrected for v in vs if v.case.kind == WRONG]):.3f}"
        ),
        "true ones that cite the source": lambda vs: (
            f"{_share([v.corrected for v in vs if v.case.true and not v.marked]):.3f}"
        ),
        "span / passage, characters": lambda vs: (
            f"{_mean([v.quote for v in vs if v.quote]):.0f} / "
            f"{_mean([len(v.case.passages[v.case.source].chunk.text) for v in vs]):.0f}"
        ),
        "ms a sentence, mean": lambda vs: f"{1000 * _mean([v.seconds for v in vs]):.1f}",
        "ms a sentence, longest": lambda vs: f"{1000 * max(v.seconds for v in vs):.0f}",
    }
    for name, cell in rows.items():
        yield f"| {name} | {' | '.join(cell(verdicts) for verdicts in columns)} |"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def add_command(parser: argparse.ArgumentParser) -> None:
    """Options of `verify`."""
    parser.set_defaults(run=run)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("../shared/eval"))
    parser.add_argument("--sets", default=",".join(SETS), help="names of sets in the folder")
    parser.add_argument("--crossed", action="store_true", help="and Russian on English passages")
    parser.add_argument("--wrong", action="store_true", help="print what was judged wrongly")
    parser.add_argument(
        "--without-embedder", action="store_true", help="by words alone, as with a strange model"
    )


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Print the table.

    Raises:
        ConfigError: a set is not there.
    """
    sparse = SparseEncoder()
    embedder = None
    if not options.without_embedder:
        embedder = embedder_of(settings)
    verifier = Verifier(sparse, embedder)
    found = {
        name: list(judged(made, verifier, sparse, embedder is not None))
        for name, made in _made(options, sparse).items()
    }
    sys.stdout.write(table(found) + "\n")
    if options.wrong:
        for verdicts in found.values():
            sys.stdout.writelines(f"{_line(v)}\n" for v in verdicts if v.marked == v.case.true)
    return 0


def _made(options: argparse.Namespace, sparse: SparseEncoder) -> dict[str, list[Case]]:
    names = options.sets.split(",")
    for name in names:
        if not (options.folder / name).is_dir():
            raise ConfigError(f"{options.folder / name}: no such set; name the folder of the sets.")
    made = {name: cases(load(options.folder / name, Selection()), sparse) for name in names}
    if options.crossed:
        made["xquad ru on en"] = crossed(_both(options.folder))
    return made


def _both(folder: Path) -> Dataset:
    english, russian = (load(folder / name, Selection()) for name in ("xquad-en", "xquad-ru"))
    return replace(english, corpus=(*english.corpus, *russian.corpus))


def _line(verdict: Verdict) -> str:
    case = verdict.case
    return f"{'true' if case.true else 'false'} {case.kind} | {case.text}"
