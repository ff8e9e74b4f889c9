"""The Ask page: a conversation in which every answer can be checked.

An answer is drawn by the same function while it streams and afterwards, into places reserved
beforehand, so that nothing moves when it is complete. The conversation lives in the session.
"""

import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import streamlit as st

from app import citation
from app.disagreements import disagreement_lines, disagreements_html
from app.markup import answer_html, label, note_html, shorten
from app.remarks import REMARKED, own_words, remarks
from app.services import Services
from app.texts import EXAMPLES, Language, Texts, cited_place, notice_words, passage_place
from rag.answers import Answer, Answered, Citation, Event, Mode, Retrieved, Said, Sentence, Turn
from rag.types import Passage, Principal
from serving.errors import FootnoteError, RejectedQuestion


@dataclass(slots=True)
class Exchange:
    """A question with what came of it: an answer, or what was said before an error."""

    question: str
    answer: Answer | None = None
    said: tuple[Sentence, ...] = ()
    error: str = ""


def conversation() -> list[Exchange]:
    """The exchanges of this session, oldest first; a live list."""
    exchanges: list[Exchange] = st.session_state.setdefault("conversation", [])
    return exchanges


def show(services: Services, text: Texts, principal: Principal) -> None:
    """Draw the page; answer the question that was just asked, if there is one."""
    st.html('<span class="fn-narrow"></span>')
    exchanges = conversation()
    asked = st.chat_input(text("ask.input")) or st.session_state.pop("example", None)
    # A place of its own: what is left of the welcome would else stand between question and answer
    # for as long as the answer is written.
    welcome = st.empty()
    if not exchanges and not asked:
        with welcome.container():
            _show_welcome(services, text, principal)
        return
    st.button(
        text("ask.new"), icon=":material/add:", type="tertiary", key="new", on_click=_start_again
    )
    for index, exchange in enumerate(exchanges):
        _show_exchange(services, text, index, exchange, principal)
    if asked:
        exchanges.append(Exchange(asked))
        _answer(services, text, len(exchanges) - 1, principal)


def _start_again() -> None:
    conversation().clear()
    st.session_state["conversation_id"] = uuid.uuid4().hex


def _show_welcome(services: Services, text: Texts, principal: Principal) -> None:
    some = services.runtime.library.count_readable(principal.groups)
    line = text("ask.tagline") if some else text("ask.tagline.none")
    st.html(f'<div class="fn-hero"><h1>Footnote</h1>{note_html(line, "fn-line")}</div>')
    if not some:
        return
    first: Language = st.session_state.get("language_before", "en")
    other: Language = "ru" if first == "en" else "en"
    with st.container(horizontal_alignment="center", gap="xsmall", key="examples"):
        st.caption(text("ask.examples"), width="content")
        for question in EXAMPLES[first] + EXAMPLES[other][:1]:
            st.button(question, key=f"example-{question}", on_click=_ask_example, args=(question,))


def _ask_example(question: str) -> None:
    st.session_state["example"] = question


def _show_exchange(
    services: Services, text: Texts, index: int, exchange: Exchange, principal: Principal
) -> None:
    _show_question(index, exchange.question)
    with st.chat_message("assistant", avatar=":material/menu_book:"):
        _show_outcome(services, text, index, exchange, st.empty(), principal)


def _show_question(index: int, question: str) -> None:
    place = st.container(key=f"question-{index}")
    with place.chat_message("user", avatar=":material/person:"):
        st.markdown(label(question))


def _show_outcome(
    services: Services,
    text: Texts,
    index: int,
    exchange: Exchange,
    body: "st.delta_generator.DeltaGenerator",
    principal: Principal,
) -> None:
    answer = exchange.answer
    if answer is None:
        if exchange.said:
            body.html(answer_html(text, exchange.said, _quotes_only(services)))
        if exchange.error:
            st.error(label(exchange.error), icon=":material/error:")
        else:
            st.html(note_html(text("ask.stopped")))
        return
    if words := own_words(text, answer):
        body.html(note_html(words, "fn-answer"))
        _show_choices(index, answer)
        _show_passages(services, text, index, answer.closest, principal)
    else:
        body.html(answer_html(text, answer.sentences, answer.mode is Mode.EXTRACTIVE))
        if answer.disagreements:
            st.html(disagreements_html(text, answer))
        _show_chips(services, text, index, answer.citations, principal)
    _show_footer(text, answer)


def _show_choices(index: int, answer: Answer) -> None:
    """What may be meant, each asked by a click."""
    for number, choice in enumerate(answer.choices):
        key = f"choice-{index}-{number}"
        st.button(label(choice), key=key, on_click=_ask_example, args=(choice,))


def _show_chips(
    services: Services,
    text: Texts,
    index: int,
    citations: tuple[Citation, ...],
    principal: Principal,
) -> None:
    with st.container(horizontal=True, gap="xsmall", key=f"chips-{index}"):
        for cited in citations:
            where = label(shorten(cited_place(text, cited), 48))
            if st.button(f"**{cited.number}** · {where}", key=f"cite-{index}-{cited.number}"):
                citation.open_panel(services, text, cited, principal)


def _show_passages(
    services: Services,
    text: Texts,
    index: int,
    passages: tuple[Passage, ...],
    principal: Principal,
) -> None:
    if not passages:
        return
    st.caption(text("ask.closest"))
    with st.container(horizontal=True, gap="xsmall", key=f"closest-{index}"):
        for number, passage in enumerate(passages[:5], 1):
            where = label(shorten(passage_place(text, passage), 48))
            if st.button(where, key=f"near-{index}-{number}", icon=":material/article:"):
                found = Citation(number, passage, "", passage.chunk.boxes)
                citation.open_panel(services, text, found, principal)


def _show_footer(text: Texts, answer: Answer) -> None:
    for remark in remarks(text, answer):
        st.html(note_html(remark, "fn-notice"))
    if answer.notice and answer.notice not in REMARKED:
        st.html(note_html(notice_words(text, answer.notice), "fn-notice"))
    if own_words(text, answer):
        return
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.html(note_html(text(f"mode.{answer.mode.value}")))
        with st.popover(text("ask.copy"), icon=":material/content_copy:", type="tertiary"):
            sources = [f"[{c.number}] {cited_place(text, c)}" for c in answer.citations]
            lines = [answer.text, *disagreement_lines(text, answer), "", *sources]
            st.code("\n".join(lines), language=None, wrap_lines=True)


def _answer(services: Services, text: Texts, index: int, principal: Principal) -> None:
    """Ask, show sentence by sentence, and keep what came of it whatever happens."""
    exchange = conversation()[index]
    _show_question(index, exchange.question)
    with st.chat_message("assistant", avatar=":material/menu_book:"):
        body = st.empty()
        count = services.runtime.library.count_readable(principal.groups)
        body.html(note_html(text("ask.searching", count=count)))
        session: str = st.session_state.setdefault("conversation_id", uuid.uuid4().hex)
        history = [
            Turn(e.question, e.answer.text, e.answer.mode is Mode.CLARIFY)
            for e in conversation()[:index]
            if e.answer
        ]
        try:
            events = services.runtime.answerer.ask(exchange.question, principal, history, session)
            # Streamlit ends a run that is no longer wanted by an exception from the next call
            # to it; the model must not go on writing after that.
            with closing(events):
                _follow(text, exchange, events, body, _quotes_only(services))
        except RejectedQuestion:
            limit = services.runtime.settings.max_question_chars
            long = len(exchange.question.strip()) > limit
            exchange.error = text("ask.too_long", limit=limit) if long else text("ask.empty")
        except FootnoteError as error:
            exchange.error = text("ask.failed", reason=error)
        _show_outcome(services, text, index, exchange, body, principal)


def _quotes_only(services: Services) -> bool:
    """Whether the look of quotes is known before the answer is complete: no model writes."""
    return not services.runtime.settings.llm_url


def _follow(
    text: Texts,
    exchange: Exchange,
    events: Iterator[Event],
    body: "st.delta_generator.DeltaGenerator",
    quoted: bool,
) -> None:
    for event in events:
        match event:
            case Retrieved(passages):
                body.html(note_html(text("ask.reading", count=len(passages))))
            case Said(sentence, _):
                exchange.said = (*exchange.said, sentence)
                body.html(answer_html(text, exchange.said, quoted))
            case Answered(answer):
                exchange.answer = answer
