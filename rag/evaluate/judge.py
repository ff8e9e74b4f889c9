"""Faithfulness as RAGAS defines it (Es et al. 2024), by a language model as the judge.

The model splits an answer into statements, then says of each whether it follows from the passages
that the answer was made from; faithfulness is the share that does. It stands beside groundedness,
which needs no model, and is as good as the judge: a small one is often wrong. A reply that is in
no form counts as not judged, not as unfaithful.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from llama_index.core.base.llms.types import ChatMessage, MessageRole
from llama_index.core.llms import LLM

from rag import prompt
from rag.evaluate.ask import Outcome
from rag.settings import Settings
from rag.types import Passage
from serving.language_model import open_language_model, stream_chat

_PROMPTS = Path(prompt.__file__).parent / "prompts"
_CHARS = 16_000
"""Of all passages before the judge."""
_BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.):])\s*")
_VERDICT = re.compile(r"^\W*(\d+)\W+(yes|no)\b", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Judge:
    """Asks one language model; safe to share."""

    llm: LLM

    def of(self, outcome: Outcome) -> float | None:
        """An outcome's faithfulness, 0..1; None where nothing was said or the reply has no form.

        Raises:
            ModelUnavailable: the judge does not answer.
        """
        if not outcome.shown:
            return None
        statements = self.statements(outcome.question.question, outcome.shown)
        verdicts = self.verdicts(statements, outcome.passages)
        return sum(verdicts) / len(verdicts) if verdicts else None

    def statements(self, question: str, answer: str) -> list[str]:
        """What an answer says, statement by statement."""
        asked = f"<question>\n{question}\n</question>\n\n<answer>\n{answer}\n</answer>"
        lines = self._reply("judge_statements", asked).splitlines()
        return [found for line in lines if (found := _BULLET.sub("", line).strip())]

    def verdicts(self, statements: Sequence[str], passages: Sequence[Passage]) -> list[bool]:
        """Of each statement whether it follows; empty unless there is one verdict for each."""
        if not statements or not passages:
            return []
        fenced = prompt.fenced(_fitting(passages))
        listed = "\n".join(f"{n}: {text}" for n, text in enumerate(statements, 1))
        reply = self._reply("judge_verdicts", f"{fenced}\n\n<statements>\n{listed}\n</statements>")
        given = {int(number): word.lower() == "yes" for number, word in _VERDICT.findall(reply)}
        wanted = range(1, len(statements) + 1)
        return [given[n] for n in wanted] if given.keys() == set(wanted) else []

    def _reply(self, name: str, asked: str) -> str:
        instruction = (_PROMPTS / f"{name}.md").read_text("utf-8").strip()
        messages = [
            ChatMessage(role=MessageRole.SYSTEM, content=instruction),
            ChatMessage(role=MessageRole.USER, content=asked),
        ]
        return "".join(piece for piece in stream_chat(self.llm, messages) if isinstance(piece, str))


def _fitting(passages: Sequence[Passage]) -> list[Passage]:
    """The best passages that a model surely takes; always at least one."""
    sizes = accumulate(len(passage.chunk.embedded_text) for passage in passages)
    return [p for p, size in zip(passages, sizes, strict=True) if size <= _CHARS] or [passages[0]]


def open_judge(settings: Settings) -> Judge | None:
    """The judge of the settings, None where none is configured. Connects to nothing yet.

    Raises:
        ConfigError: a url without a model name.
    """
    llm = open_language_model(
        settings.judge_url,
        settings.judge_model,
        settings.judge_key.get_secret_value(),
        settings.llm_timeout,
        group="JUDGE",
    )
    return Judge(llm) if llm is not None else None
