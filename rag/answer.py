"""From a question to a stream of verified sentences: the path that every answer takes.

    accept → understand ─┬─ ask which is meant
                         └─ retrieve, find sentences, answer? ─┬─ refuse
                            (for each part of the question)    ├─ write (a model), verify
                                                               └─ quote (no model, or it failed)

Each step is a span of one trace. The last event is always `Answered`; what was streamed before
it stays true. Nothing of LlamaIndex leaves this module.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Literal

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.llms import LLM

from rag import extract, prompt, write
from rag.answers import Answer, Answered, Event, Mode, Retrieved, Said, Sentence, Support, Turn
from rag.cite import Citations, with_boxes
from rag.disagree import Disagreements, disagreements, newest_first
from rag.find import Finder, Found
from rag.join import join
from rag.owners import owners_of
from rag.retrieve import Retriever, describe
from rag.support import Verifier
from rag.text import language_of
from rag.trace import Step, Trace, Tracer
from rag.types import Passage, Principal
from rag.understand import Understood, clarify, understand
from serving.errors import ModelUnavailable, RejectedQuestion
from serving.language_model import Usage, stream_chat

CLOSEST = 3
"""Passages shown with a refusal."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question on its way, and what is collected for it."""

    question: str
    principal: Principal
    history: Sequence[Turn]
    trace: Trace
    understood: Understood
    citations: Citations = field(default_factory=Citations)
    sentences: list[Sentence] = field(default_factory=list)

    @property
    def language(self) -> str:
        return language_of(self.question) or "en"


@dataclass(frozen=True, slots=True)
class Answerer:
    """Answers questions. Thread-safe; every call has its own state."""

    retriever: Retriever
    verifier: Verifier
    tracer: Tracer
    llm: LLM | None
    passages: int
    unsupported: Literal["remove", "mark"]
    max_question_chars: int
    context_tokens: int = 5000
    owners: Mapping[str, str] = field(default_factory=dict)

    def ask(
        self,
        question: str,
        principal: Principal,
        history: Sequence[Turn] = (),
        session: str = "",
    ) -> Generator[Event, None, None]:
        """`Retrieved`, then `Said` for each sentence, then `Answered`.

        Closing the iterator stops the language model too.

        Raises:
            RejectedQuestion: empty or too long; at the first step, before anything is done.
            ModelUnavailable: an embeddings server or the vector store does not answer.
        """
        question = self._accepted(question)
        user = principal.user
        with self.tracer.trace("ask", input=question, user=user, session=session) as trace:
            understood = self._understood(question, principal, history, trace)
            answer: Answer | None = None
            for event in self._events(Asked(question, principal, history, trace, understood)):
                if isinstance(event, Answered):
                    answer = event.answer
                yield event
            if answer:
                _record(trace, answer)

    def _accepted(self, question: str) -> str:
        question = question.strip()
        if not any(character.isalnum() for character in question):
            raise RejectedQuestion("The question is empty: type what you want to know.")
        if len(question) > self.max_question_chars:
            raise RejectedQuestion(
                f"The question has {len(question):,} characters, at most "
                f"{self.max_question_chars:,} are accepted: shorten it, and upload long "
                "material as a document."
            )
        return question

    def _understood(
        self, question: str, principal: Principal, history: Sequence[Turn], trace: Trace
    ) -> Understood:
        library, sparse = self.retriever.library, self.retriever.sparse
        with trace.step("understand", input=question) as step:
            found = understand(question, history, principal, library, sparse, self.llm, step)
            step.set(output=found)
        return found

    def _events(self, asked: Asked) -> Iterator[Event]:
        if asked.understood.choices:
            yield self._unclear(asked, asked.understood.choices)
            return
        finder = Finder(self.retriever, self.passages, asked.question, len(asked.history))
        found = finder.find(asked.understood, asked.principal, asked.trace)
        yield Retrieved(tuple(found.passages))
        if choices := self._choices(asked, found):
            yield self._unclear(asked, choices)
            return
        if not found.answered:
            yield self._refused(asked, found)
            return
        notice = ""
        if self.llm is not None:
            notice = yield from self._write(asked, self.llm, self._prompted(asked, found))
            if notice == "not_found":
                yield self._refused(asked, found)
                return
        if asked.sentences:
            told = self._disagreements(asked, found, asked.sentences)
            yield self._answered(asked, found, Mode.WRITTEN, notice, told)
        else:
            told = yield from self._quote(asked, found)
            yield self._answered(asked, found, Mode.EXTRACTIVE, notice, told)

    def _choices(self, asked: Asked, found: Found) -> tuple[str, ...]:
        if len(found.parts) > 1:
            return ()
        part = found.parts[0]
        sparse = self.retriever.sparse
        return clarify(asked.question, asked.understood, part.passages, part.quotes, sparse)

    def _quote(self, asked: Asked, found: Found) -> Generator[Event, None, Disagreements]:
        """The best sentences of every part, each once; where they are contradicted, the newest
        first."""
        quotes = [quote for part in found.answered for quote in extract.shown(part.quotes)]
        sentences = dict.fromkeys(extract.sentence(quote, asked.citations) for quote in quotes)
        told = self._disagreements(asked, found, tuple(sentences))
        for sentence in newest_first(tuple(sentences), told):
            yield self._said(asked, sentence)
        return told

    def _disagreements(
        self, asked: Asked, found: Found, sentences: Sequence[Sentence]
    ) -> Disagreements:
        question, sparse = asked.understood.search, self.retriever.sparse
        with asked.trace.step("disagree?", kind="guardrail") as step:
            told = disagreements(question, sentences, found.passages, asked.citations, sparse)
            step.set(output=[[s.text for s in each.sentences] for each in told])
        return told

    def _prompted(self, asked: Asked, found: Found) -> list[Passage]:
        retriever = self.retriever
        count, budget = retriever.embedder.count_tokens, self.context_tokens
        with asked.trace.step("join", input=len(found.passages)) as step:
            passages = join(found.passages, retriever.store, budget, count)
            step.set(output=describe(passages))
        return passages

    def _write(
        self, asked: Asked, llm: LLM, passages: Sequence[Passage]
    ) -> Generator[Event, None, str]:
        """Stream the model's sentences that stand; returns a notice, empty if all went well."""
        messages = prompt.messages(asked.question, passages, asked.history)
        with (
            asked.trace.step("generate", kind="generation") as generate,
            asked.trace.step("verify", kind="guardrail") as verify,
        ):
            generate.set(
                input=[{"role": m.role.value, "content": m.content} for m in messages],
                metadata={"prompt_version": prompt.version()},
            )
            verdicts: list[dict[str, object]] = []
            heard: list[str] = []
            try:
                with closing(_pieces(llm, messages, generate, heard)) as pieces:
                    for raw in write.sentences(pieces):
                        said = write.verify(
                            raw, passages, self.verifier, asked.citations, self.unsupported
                        )
                        verdicts.append({"sentence": raw, "support": said and said.support})
                        if said:
                            yield self._said(asked, said)
            except ModelUnavailable as error:
                generate.fail(str(error))
                return "model_interrupted" if _stands(asked) else "model_unavailable"
            finally:
                generate.set(output="".join(heard))
                verify.set(output=verdicts)
        if _stands(asked):
            return ""
        gave_up = not verdicts or prompt.NOT_FOUND in "".join(heard)
        return "not_found" if gave_up else "model_unsupported"

    @staticmethod
    def _said(asked: Asked, sentence: Sentence) -> Said:
        asked.sentences.append(sentence)
        return Said(sentence, asked.citations.all())

    def _answered(
        self, asked: Asked, found: Found, mode: Mode, notice: str, told: Disagreements
    ) -> Answered:
        with asked.trace.step("locate", kind="span") as step:
            citations = with_boxes(asked.citations.all(), self.retriever.library)
            step.set(output={"citations": len(citations)})
        if found.filter_dropped:
            notice = notice or "filter_dropped"
        return Answered(
            replace(
                self._answer(asked, mode, found),
                sentences=tuple(asked.sentences),
                disagreements=told,
                citations=citations,
                notice=notice,
                unanswered=found.unanswered,
            )
        )

    def _refused(self, asked: Asked, found: Found) -> Answered:
        closest = tuple(found.passages[:CLOSEST])
        owners = owners_of(closest, self.owners)
        answer = self._answer(asked, Mode.REFUSED, found)
        answer = replace(answer, notice=found.reason, missing=found.missing)
        return Answered(replace(answer, closest=closest, owners=owners))

    def _unclear(self, asked: Asked, choices: Sequence[str]) -> Answered:
        return Answered(replace(self._answer(asked, Mode.CLARIFY), choices=tuple(choices)))

    def _answer(self, asked: Asked, mode: Mode, found: Found | None = None) -> Answer:
        searched = self.retriever.library.count_readable(asked.principal.groups)
        search = asked.understood.search
        return Answer(
            question=asked.question,
            language=asked.language,
            mode=mode,
            searched=searched,
            trace_id=asked.trace.trace_id,
            search="" if search == asked.question else search,
            filter=found.filter if found else "",
            confidence=found.confidence if found else 0.0,
        )


def _stands(asked: Asked) -> bool:
    """Whether something of what was written has support; if nothing has, it is forgotten."""
    if all(sentence.support is Support.UNSUPPORTED for sentence in asked.sentences):
        asked.sentences.clear()
    return bool(asked.sentences)


def _pieces(
    llm: LLM, messages: Sequence[ChatMessage], step: Step, heard: list[str]
) -> Generator[str, None, None]:
    """The model's text as it arrives, kept in `heard`; tokens and times go to `step`."""
    step.generation(model=llm.metadata.model_name)
    with closing(stream_chat(llm, messages)) as stream:
        for piece in stream:
            if isinstance(piece, Usage):
                step.generation(
                    input_tokens=piece.prompt_tokens, output_tokens=piece.completion_tokens
                )
                continue
            if not heard:
                step.first_token()
            heard.append(piece)
            yield piece


def _record(trace: Trace, answer: Answer) -> None:
    trace.set(
        output=answer.text or answer.mode.value,
        metadata={
            "mode": answer.mode.value,
            "refused": answer.refused,
            "language": answer.language,
            "notice": answer.notice,
        },
    )
