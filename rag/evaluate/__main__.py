"""`python -m rag.evaluate run FOLDER`: measure the product on a question set.

Settings are the product's (`FOOTNOTE_…`), so that what is measured is what is served; only the
folder is another one, and nothing is sent to Langfuse.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rag.evaluate.ask import Outcome, ask_all
from rag.evaluate.dataset import Dataset, Selection, load, with_corpus_limit
from rag.evaluate.index import indexed
from rag.evaluate.report import Figures, figures, table, write_details
from rag.settings import Settings, load_settings
from serving.errors import FootnoteError
from serving.quiet import switch_telemetry_off


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0; 1 where an error could be told in a line; 2 for a wrong command line."""
    options = _parser().parse_args(arguments)
    switch_telemetry_off()
    try:
        return _run(options, load_settings())
    except FootnoteError as error:
        print(error, file=sys.stderr)
        return 1


def _run(options: argparse.Namespace, settings: Settings) -> int:
    dataset = load(options.folder, _selection(options))
    if options.corpus_limit is not None:
        dataset = with_corpus_limit(dataset, options.corpus_limit)
    outcomes, made = measure(dataset, settings, options.cache, options.retrieval_only)
    found = {"set": dataset.name, **figures(outcomes), **made}
    found["settings"] |= {key: str(value) for key, value in vars(options).items() if value}
    print(table(found))
    if options.json:
        options.json.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", "utf-8")
    if options.details:
        write_details(outcomes, options.details)
    return 0


def measure(
    dataset: Dataset, settings: Settings, cache: Path, retrieval_only: bool
) -> tuple[list[Outcome], Figures]:
    """Index the corpus in a folder of its own, ask, and remove the folder.

    Vectors are kept in `cache`. The second value says what was made and with which settings.
    """
    with indexed(dataset, settings, cache, _progress) as (runtime, chunks, seconds):
        outcomes = list(ask_all(runtime, dataset.questions, retrieval_only, _progress))
        embedder = runtime.embedder.fingerprint
    made: Figures = {
        "documents": len(dataset.corpus),
        "chunks": chunks,
        "index_s": round(seconds, 1),
        "settings": {
            **settings.model_dump(mode="json", exclude={"data_dir", "host", "port"}),
            "embedder": embedder,
            "corpus": dataset.corpus_hash[:16],
        },
    }
    return outcomes, made


def _progress(what: str, done: int, total: int) -> None:
    end = "\n" if done == total else "\r"
    print(f"{what}: {done} of {total}", end=end, file=sys.stderr, flush=True)


def _selection(options: argparse.Namespace) -> Selection:
    return Selection(
        leaveout=options.leaveout,
        questions=options.questions,
        gold_prefixes=dict(options.map),
        gold_field=options.gold_field,
        language=options.lang,
        corpus_language=options.corpus_lang,
        limit=options.limit,
    )


def _pair(text: str) -> tuple[str, str]:
    old, separator, new = text.partition("=")
    if not separator:
        raise argparse.ArgumentTypeError(f"{text!r} is not OLD=NEW")
    return old, new


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m rag.evaluate", description=__doc__)
    run = parser.add_subparsers(required=True).add_parser("run", help="measure one set")
    add = run.add_argument
    add("folder", type=Path, help="a set in the format of ../shared/eval")
    add("--limit", type=int, help="only that many questions, spread over the file")
    add("--json", type=Path, help="write the figures to this file")
    add("--details", type=Path, help="write a JSON line per question to this file")
    add("--retrieval-only", action="store_true", help="do not write answers")
    add("--leaveout", action="store_true", help="the leave-out variant, for refusals")
    add("--questions", type=Path, help="ask another set's question file")
    add("--map", type=_pair, action="append", default=[], metavar="OLD=NEW",
        help="rewrite the beginning of gold ids, e.g. xq-ru=xq-en")  # fmt: skip
    add("--gold-field", default="gold_ids", help="field of the gold ids, e.g. parallel_gold")
    add("--lang", default="", help="only questions in this language")
    add("--corpus-lang", default="", help="only passages in this language")
    add("--corpus-limit", type=int, help="only that many passages, those with answers first")
    add("--cache", type=Path, default=Path("var/eval"), help="where vectors are kept")
    return parser


if __name__ == "__main__":
    sys.exit(main())
