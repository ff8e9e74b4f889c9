"""The OpenAI-compatible half of the API: `/v1/models` and `/v1/chat/completions`.

Any OpenAI client can ask the documents. Citations stand in the message as numbered footnotes, in
`annotations` as the format has them, and with quote and support level in the field `footnote`.
Token usage is not reported: answers without a language model have none.
"""

import json
import time
import uuid
from collections.abc import Generator, Iterator, Sequence
from itertools import pairwise
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from app.disagreements import disagreement_lines
from app.remarks import REMARKED, own_words, remarks
from app.services import Services, local_principal
from app.texts import cited_page, cited_place, language_from, notice_words, texts
from rag.answers import Answer, Answered, Citation, Event, Said, Turn
from serving.errors import FootnoteError, ModelUnavailable, RejectedQuestion, StoreBusy

MODEL = "footnote"


class Part(BaseModel):
    """A piece of a message's content; only `text` parts are read."""

    model_config = ConfigDict(extra="ignore")
    type: str
    text: str = ""


class Message(BaseModel):
    """One message of a conversation."""

    model_config = ConfigDict(extra="ignore")
    role: str
    content: str | list[Part] | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.type == "text")
        return self.content or ""


class Completion(BaseModel):
    """What is read of a request; sampling settings are accepted and have no effect."""

    model_config = ConfigDict(extra="ignore")
    model: str = MODEL
    messages: list[Message]
    stream: bool = False


def create_openai_api(services: Services) -> FastAPI:
    """The application to mount at `/v1`."""
    api = FastAPI(title="Footnote", docs_url=None, redoc_url=None, openapi_url=None)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(FootnoteError, _failed)
    api.add_exception_handler(HTTPException, _http)

    @api.get("/models")
    def models() -> dict[str, Any]:
        return {
            "object": "list",
            "data": [{"id": MODEL, "object": "model", "created": 0, "owned_by": "footnote"}],
        }

    @api.post("/chat/completions", response_model=None)
    def complete(body: Completion, request: Request) -> Response:
        question, history = conversation(body.messages)
        principal = local_principal(services.runtime.settings)
        events = services.runtime.answerer.ask(question, principal, history)
        first = next(events)  # a rejected question raises here, before anything is sent
        base = str(request.base_url).removesuffix("v1/")
        if body.stream:
            return _EventStream(_stream(first, events, base), events)
        return JSONResponse(_whole(_last(first, events), base))

    return api


def conversation(messages: Sequence[Message]) -> tuple[str, list[Turn]]:
    """The question (the last user message) and the exchanges before it.

    Raises:
        RejectedQuestion: there is no user message.
    """
    users = [i for i, message in enumerate(messages) if message.role == "user"]
    if not users:
        raise RejectedQuestion("There is no message with the role 'user' to answer.")
    turns = []
    for position, following in pairwise(users):
        replies = [m.text for m in messages[position:following] if m.role == "assistant"]
        turns.append(Turn(messages[position].text, "\n".join(replies)))
    return messages[users[-1]].text, turns


def footnotes(answer: Answer) -> str:
    """The answer's end as plain text: disagreements, remarks, a line for each citation."""
    text = texts(language_from(answer.language))
    lines = [*disagreement_lines(text, answer), *remarks(text, answer)]
    if answer.notice and answer.notice not in REMARKED:
        lines.append(notice_words(text, answer.notice))
    if answer.citations:
        lines.append(f"{text('api.sources')}:")
    lines += [f"[{c.number}] {cited_place(text, c)}: “{c.quote}”" for c in answer.citations]
    return "\n".join(lines)


def _body(answer: Answer) -> str:
    words = own_words(texts(language_from(answer.language)), answer)
    return "\n- ".join([words, *answer.choices]) if words else answer.text


def _message_text(answer: Answer) -> str:
    return "\n\n".join(part for part in (_body(answer), footnotes(answer)) if part)


def _last(first: Event, events: Iterator[Event]) -> Answer:
    *_, last = first, *events
    assert isinstance(last, Answered)
    return last.answer


def _source(citation: Citation, base: str) -> str:
    chunk = citation.passage.chunk
    page = f"#page={cited_page(citation)}" if cited_page(citation) else ""
    return f"{base}api/documents/{chunk.document_id}/original{page}"


def _annotations(answer: Answer, base: str, content: str) -> list[dict[str, Any]]:
    """OpenAI's `url_citation`s; the span is the footnote's `[n]` line in `content`."""
    found = []
    for citation in answer.citations:
        start = content.rfind(f"\n[{citation.number}] ") + 1
        end = start + len(f"[{citation.number}]")
        found.append(
            {
                "type": "url_citation",
                "url_citation": {
                    "start_index": start,
                    "end_index": end,
                    "title": citation.passage.document.name,
                    "url": _source(citation, base),
                },
            }
        )
    return found


def _extra(answer: Answer) -> dict[str, Any]:
    return {
        "mode": answer.mode.value,
        "refused": answer.refused,
        "searched": answer.searched,
        "notice": answer.notice or None,
        "search": answer.search or None,
        "filter": answer.filter or None,
        "unanswered": answer.unanswered,
        "choices": answer.choices,
        "missing": answer.missing,
        "owners": answer.owners,
        "disagreements": [
            [{"text": s.text, "citations": s.citations} for s in each.sentences]
            for each in answer.disagreements
        ],
        "trace_id": answer.trace_id or None,
        "citations": [
            {
                "number": c.number,
                "document_id": c.passage.chunk.document_id,
                "document": c.passage.document.name,
                "page_from": c.passage.chunk.page_from or None,
                "page_to": c.passage.chunk.page_to or None,
                "page": cited_page(c) or None,
                "quote": c.quote,
                "support": c.support.value,
            }
            for c in answer.citations
        ],
    }


def _envelope(kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": kind,
        "created": int(time.time()),
        "model": MODEL,
    }


def _whole(answer: Answer, base: str) -> dict[str, Any]:
    content = _message_text(answer)
    message = {
        "role": "assistant",
        "content": content,
        "refusal": None,
        "annotations": _annotations(answer, base, content),
    }
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    return {**_envelope("chat.completion"), "choices": [choice], "footnote": _extra(answer)}


def _stream(first: Event, events: Iterator[Event], base: str) -> Iterator[str]:
    """Server-sent events: a delta for each sentence, then the footnotes, then the end."""
    envelope = _envelope("chat.completion.chunk")

    def chunk(delta: dict[str, Any], finish: str | None = None, **extra: object) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        data = {**envelope, "choices": [choice], **extra}
        return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"

    yield chunk({"role": "assistant", "content": ""})
    said = ""
    event = first
    while not isinstance(event, Answered):
        if isinstance(event, Said):
            sentence = event.sentence
            text = sentence.text + "".join(f" [{n}]" for n in sentence.citations)
            text = f" {text}" if said else text
            said += text
            yield chunk({"content": text})
        event = next(events)
    content = _message_text(event.answer)
    # What was streamed cannot be taken back; a different whole answer follows it.
    rest = content[len(said) :] if content.startswith(said) else f"\n\n{content}"
    if rest:
        yield chunk({"content": rest})
    whole = content if content.startswith(said) else f"{said}{rest}"
    annotations = _annotations(event.answer, base, whole)
    yield chunk({"annotations": annotations}, "stop", footnote=_extra(event.answer))
    yield "data: [DONE]\n\n"


class _EventStream(StreamingResponse):
    """Sends the chunks; stops the answer, and with it the model, when the client hangs up."""

    def __init__(self, chunks: Iterator[str], events: Generator[Event, None, None]) -> None:
        super().__init__(_until_failure(chunks), media_type="text/event-stream")
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._events.close()


def _until_failure(chunks: Iterator[str]) -> Iterator[str]:
    """The chunks; an error in the middle becomes the event that clients raise."""
    try:
        yield from chunks
    except FootnoteError as error:
        yield f"data: {json.dumps({'error': _error_body(str(error), 'server_error', None)})}\n\n"


def _error_body(message: str, kind: str, code: str | None) -> dict[str, Any]:
    return {"message": message, "type": kind, "param": None, "code": code}


def _error(status: int, message: str, kind: str, code: str | None) -> JSONResponse:
    return JSONResponse({"error": _error_body(message, kind, code)}, status_code=status)


def _failed(_request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, RejectedQuestion):
        return _error(400, str(error), "invalid_request_error", "rejected_question")
    if isinstance(error, ModelUnavailable | StoreBusy):
        return _error(503, str(error), "server_error", "unavailable")
    return _error(500, str(error), "server_error", None)


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part != "body")
    message = f"{where}: {first['msg']}" if where else str(first["msg"])
    return _error(400, message, "invalid_request_error", None)


def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return _error(error.status_code, str(error.detail), "invalid_request_error", None)
