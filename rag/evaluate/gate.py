"""The gate: are the answers as good as those of the committed baseline?

Every gated score of every set is compared question by question. A drop is real where the interval
of the difference lies below zero and the mean fell by more than `TOLERATED`. A family of
comparisons is one test: the probability that a change without any effect closes the gate is held
to `FALSE_ALARM` for all of them together (Bonferroni), which makes a small drop of a small set
invisible. Each set's size says which drop it can see.
"""

import argparse
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rag.evaluate import baseline, runs
from rag.evaluate.baseline import Baseline
from rag.evaluate.compare import Difference, difference
from rag.evaluate.dataset import Dataset, Selection, load, load_questions
from rag.evaluate.measure import Measuring, measure
from rag.evaluate.options import show_progress
from rag.evaluate.score import GATED, Scores
from rag.settings import Settings
from serving.errors import ConfigError

TOLERATED = 0.005
FALSE_ALARM = 0.05
LIMIT = 150
"""Questions of each set, spread over its file: all sets in a quarter of an hour."""
LEAVEOUT = "+leaveout"


@dataclass(frozen=True, slots=True)
class Judged:
    """One comparison of the gate."""

    set: str
    difference: Difference

    @property
    def dropped(self) -> bool:
        """Whether it closes the gate."""
        return self.difference.high < 0 and self.difference.change < -TOLERATED


def judge(
    before: Mapping[str, Mapping[str, Scores]], after: Mapping[str, Mapping[str, Scores]]
) -> list[Judged]:
    """All comparisons of the sets in both, by question id and score."""
    pairs = [(name, metric) for name in after if name in before for metric in GATED]
    tail = FALSE_ALARM / max(1, len(pairs))
    return [
        Judged(name, found)
        for name, metric in pairs
        if (found := difference(metric, before[name], after[name], tail)) is not None
    ]


def table(judged: Sequence[Judged]) -> str:
    """A line a comparison."""
    lines = [f"{'set':28} {'score':16} {'n':>4} {'before':>7} {'after':>7} change [interval]"]
    for one in judged:
        d = one.difference
        bounds = f"{d.change:+.3f} [{d.low:+.3f}, {d.high:+.3f}]"
        mark = "  DROPPED" if one.dropped else ""
        lines.append(
            f"{one.set:28} {d.metric:16} {d.questions:4} {d.before:7.3f} {d.after:7.3f} "
            f"{bounds}{mark}"
        )
    return "\n".join(lines)


def add_command(parser: argparse.ArgumentParser) -> None:
    """Options of `python -m rag.evaluate gate`."""
    parser.set_defaults(run=run)
    add = parser.add_argument
    add("--sets", type=Path, default=Path("../shared/eval"), help="folder of sets")
    add("--only", nargs="+", metavar="SET", help="only these; with --accept, also new ones")
    add("--own", type=Path, metavar="QUESTIONS", help="ask the product's own documents instead")
    add("--baseline", type=Path, default=baseline.DEFAULT, help="file of the accepted scores")
    add("--accept", action="store_true", help="make the scores of this run the baseline")
    add("--limit", type=int, default=LIMIT, help="questions of each set to accept")
    add("--cache", type=Path, default=Path("var/eval"), help="where vectors are kept")
    add("--save", action="store_true", help="keep the runs for the page Evaluation")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Exit code: 0 where nothing dropped, 1 where something did.

    Raises:
        ConfigError: there is nothing to compare, or the baseline is of another embedding model.
    """
    known = baseline.read(options.baseline)
    how = Measuring(settings, options.cache, keep_traces=options.save, progress=show_progress)
    found: dict[str, Baseline] = {}
    for dataset in _datasets(options, known):
        made = measure(dataset, how).run
        found[dataset.name] = Baseline.of(made)
        if options.save:
            runs.save(made, runs.folder_of(settings.data_dir))
        if options.accept:  # at once: what was measured is not lost with what fails later
            baseline.write(options.baseline, known | found)
    return conclude(known, found, accept=options.accept)


def conclude(known: Mapping[str, Baseline], found: Mapping[str, Baseline], *, accept: bool) -> int:
    """Print the comparison; the exit code.

    Raises:
        ConfigError: nothing can be compared.
    """
    same = {name: known[name] for name in found if name in known}
    if not accept:
        _check_comparable(same, found)
    judged = judge(
        {name: one.scores for name, one in same.items()},
        {name: one.scores for name, one in found.items()},
    )
    _say(table(judged))
    dropped = [one for one in judged if one.dropped]
    if accept:
        _say(f"Accepted: {', '.join(found)}.")
        return 0
    _say("The gate is closed: see DROPPED." if dropped else "The gate is open: nothing dropped.")
    return 1 if dropped else 0


def _check_comparable(known: Mapping[str, Baseline], found: Mapping[str, Baseline]) -> None:
    if not known:
        raise ConfigError("Nothing to compare: no set of the baseline was found (--accept).")
    for name, one in known.items():
        if one.embedder != found[name].embedder:
            raise ConfigError(
                f"{name}: the baseline was measured with {one.embedder}, this run with "
                f"{found[name].embedder}. If the change of model is meant, --accept it."
            )


def _datasets(options: argparse.Namespace, known: Mapping[str, Baseline]) -> Iterator[Dataset]:
    if options.own:
        yield load_questions(options.own, Selection())
        return
    if not options.sets.is_dir():
        raise ConfigError(f"{options.sets}: no such folder. Name that of the sets with --sets.")
    for name in options.only or list(known) or _sets_in(options.sets):
        folder = options.sets / name.removesuffix(LEAVEOUT)
        if folder.is_dir():
            ids = None if options.accept or name not in known else known[name].scores
            yield _dataset(folder, name.endswith(LEAVEOUT), ids, options.limit)
        else:
            _say(f"{name}: not in {options.sets}, left out.")


def _dataset(folder: Path, leaveout: bool, ids: Collection[str] | None, limit: int) -> Dataset:
    """The questions with these ids, or where there are none yet, `limit` of the set's."""
    if ids is None:
        return load(folder, Selection(leaveout=leaveout, limit=limit))
    whole = load(folder, Selection(leaveout=leaveout))
    return replace(whole, questions=tuple(q for q in whole.questions if q.id in ids))


def _sets_in(folder: Path) -> list[str]:
    """All sets in a folder, and the leave-out variants of those that have one."""
    found = []
    for one in sorted(folder.iterdir()):
        if any(one.glob("corpus*.jsonl")) and any(one.glob("questions*.jsonl")):
            found.append(one.name)
            found += [one.name + LEAVEOUT] * any(one.glob("questions_leaveout*.jsonl"))
    return found


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a command's output
