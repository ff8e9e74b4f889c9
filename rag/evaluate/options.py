"""Options that several commands of `python -m rag.evaluate` share."""

import argparse
import sys
from pathlib import Path

from rag.evaluate.dataset import Selection


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Which questions of which set."""
    add = parser.add_argument
    add("--own", type=Path, metavar="QUESTIONS", help="ask the product's own documents")
    add("--limit", type=int, help="only that many questions, spread over the file")
    add("--leaveout", action="store_true", help="the leave-out variant, for refusals")
    add("--questions", type=Path, help="ask another set's question file")
    add("--map", type=_pair, action="append", default=[], metavar="OLD=NEW",
        help="rewrite the beginning of gold ids, e.g. xq-ru=xq-en")  # fmt: skip
    add("--gold-field", default="gold_ids", help="field of the gold ids, e.g. parallel_gold")
    add("--lang", default="", help="only questions in this language")
    add("--corpus-lang", default="", help="only passages in this language")
    add("--unreviewed", action="store_true", help="also questions that nobody has reviewed")
    add("--cache", type=Path, default=Path("var/eval"), help="where vectors are kept")


def selection(options: argparse.Namespace) -> Selection:
    """What `add_selection` was given."""
    return Selection(
        leaveout=options.leaveout,
        questions=options.questions,
        gold_prefixes=dict(options.map),
        gold_field=options.gold_field,
        language=options.lang,
        corpus_language=options.corpus_lang,
        limit=options.limit,
        unreviewed=options.unreviewed,
    )


def show_progress(what: str, done: int, total: int) -> None:
    """One line on stderr that is written over until it is done."""
    end = "\n" if done == total else "\r"
    sys.stderr.write(f"{what}: {done} of {total}{end}")
    sys.stderr.flush()


def _pair(text: str) -> tuple[str, str]:
    old, separator, new = text.partition("=")
    if not separator:
        raise argparse.ArgumentTypeError(f"{text!r} is not OLD=NEW")
    return old, new
