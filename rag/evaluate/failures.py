"""Kinds of failure of one question of a saved run, for whoever looks for causes."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class Failure(StrEnum):
    """What went wrong; a question may have several."""

    NOT_FOUND = "not_found"
    """No gold document is among the first ten."""
    WRONG_DOCUMENT = "wrong_document"
    """It was answered from documents none of which is gold."""
    NOT_CONTAINED = "not_contained"
    """It was answered without a gold answer; a right answer in other words is among these."""
    WRONGLY_REFUSED = "wrongly_refused"
    WRONGLY_ANSWERED = "wrongly_answered"
    """The documents do not answer it."""
    ASKED_BACK = "asked_back"
    """Although it is answerable."""


def failures(question: Mapping[str, Any]) -> frozenset[Failure]:
    """Of one of `Run.questions`."""
    scores, mode = question["scores"], question.get("mode", "")
    answered = mode in {"written", "extractive"}
    if not question["answerable"]:
        return frozenset({Failure.WRONGLY_ANSWERED} if answered else ())
    found = {
        Failure.NOT_FOUND: scores.get("recall@10") == 0,
        Failure.WRONG_DOCUMENT: answered and scores.get("cites_gold") == 0,
        Failure.NOT_CONTAINED: answered and scores.get("containment") == 0,
        Failure.WRONGLY_REFUSED: mode == "refused",
        Failure.ASKED_BACK: mode == "clarify",
    }
    return frozenset(failure for failure, is_so in found.items() if is_so)
