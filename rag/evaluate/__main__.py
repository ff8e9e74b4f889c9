"""`python -m rag.evaluate run FOLDER | gate | draft`: measure the product on question sets.

Settings are the product's (`FOOTNOTE_…`), so that what is measured is what is served; only the
folder is another one, and nothing is sent to Langfuse. docs/evaluation.md explains.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rag.evaluate import draft, gate, runs, verify
from rag.evaluate import options as shared
from rag.evaluate.dataset import Dataset, load, load_questions, with_corpus_limit
from rag.evaluate.measure import Measuring, measure
from rag.evaluate.report import table, write_details
from rag.settings import Settings, load_settings
from serving.errors import ConfigError, FootnoteError
from serving.quiet import switch_telemetry_off


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0; 1 where an error could be told in a line, or the gate is closed; 2 for a wrong
    command line."""
    options = _parser().parse_args(arguments)
    switch_telemetry_off()
    try:
        return int(options.run(options, load_settings()))
    except FootnoteError as error:
        print(error, file=sys.stderr)
        return 1


def _run(options: argparse.Namespace, settings: Settings) -> int:
    dataset = _dataset(options)
    how = Measuring(
        settings,
        options.cache,
        options.retrieval_only,
        options.save,
        shared.show_progress,
        options.baselines,
    )
    measured = measure(dataset, how)
    run = measured.run
    found = {"set": run.set, **run.figures, "settings": dict(run.settings)}
    given = {k: str(v) for k, v in vars(options).items() if v and k != "run"}
    found["settings"] |= given
    print(table(found))
    if options.json:
        options.json.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", "utf-8")
    if options.details:
        write_details(measured.outcomes, options.details)
    if options.save:
        print(f"saved: {runs.save(run, runs.folder_of(settings.data_dir))}")
    return 0


def _dataset(options: argparse.Namespace) -> Dataset:
    selection = shared.selection(options)
    if options.own:
        return load_questions(options.own, selection)
    if not options.folder:
        raise ConfigError("Name the folder of a set, or --own QUESTIONS for your own documents.")
    dataset = load(options.folder, selection)
    if options.corpus_limit is not None:
        dataset = with_corpus_limit(dataset, options.corpus_limit)
    return dataset


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m rag.evaluate", description=__doc__)
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser("run", help="measure one set")
    run.set_defaults(run=_run)
    add = run.add_argument
    add("folder", type=Path, nargs="?", help="a set in the format of ../shared/eval")
    add("--json", type=Path, help="write the figures to this file")
    add("--details", type=Path, help="write a JSON line per question to this file")
    add("--save", action="store_true", help="keep the run for the page Evaluation")
    add("--retrieval-only", action="store_true", help="do not write answers")
    add("--baselines", action="store_true", help="also BM25, dense vectors, and both by ranks")
    add("--corpus-limit", type=int, help="only that many passages, those with answers first")
    shared.add_selection(run)
    gate.add_command(commands.add_parser("gate", help="compare with the committed baseline"))
    draft.add_command(commands.add_parser("draft", help="make a question set from documents"))
    verify.add_command(commands.add_parser("verify", help="tell true sentences from false ones"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
