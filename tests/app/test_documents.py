"""The Documents page's logic, run by AppTest against the real pipeline."""

import time
from dataclasses import replace

import pytest
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec
from streamlit.testing.v1 import AppTest

from app.documents import add_files, one_line, rows, size_words
from app.services import Services
from app.texts import texts
from ingest.pipeline import Pipeline
from ingest.show import table
from rag.types import Document, State, document_id

EN = texts("en")


def page(language: str) -> None:
    from app import documents
    from app.services import current
    from app.texts import texts

    documents.show(current(), texts(language))


def start(language: str = "en") -> AppTest:
    return AppTest.from_function(page, args=(language,), default_timeout=20).run()


def uploaded(name: str, content: bytes) -> UploadedFile:
    return UploadedFile(UploadedFileRec(name, name, "", content), None)  # type: ignore[arg-type]


def settle(services: Services, name: str) -> Document:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        document = services.runtime.library.get(document_id(name))
        if document is not None and document.state not in (State.WAITING, State.WORKING):
            return document
        time.sleep(0.05)
    raise AssertionError(f"{name} did not settle")


def test_the_table_lists_every_document_with_a_state_people_understand(provided):
    table = start().dataframe[0].value
    assert {"policy.pdf", "salary.txt"} <= set(table["name"])
    assert set(table["state"]) == {"Ready"}
    assert "reason" not in table
    assert set(start("ru").dataframe[0].value["state"]) == {"Готов"}


def test_good_and_bad_files_in_one_upload(provided: Services):
    files = [
        uploaded("empty.docx", b""),
        uploaded("gate.txt", b"The gate closes at eight in the evening."),
        uploaded("bad/../../x.txt", b"Text."),
    ]
    problems = add_files(provided, EN, files, ["everyone"])
    assert len(problems) == 2
    assert all("\n" not in problem for problem in problems)
    assert problems[0].startswith("empty.docx")
    assert settle(provided, "gate.txt").state is State.READY
    table = start().dataframe[0].value
    assert list(table.loc[table["name"] == "empty.docx", "state"]) == ["Not accepted"]
    assert "empty" in "".join(table.loc[table["name"] == "empty.docx", "reason"])
    for name in ("empty.docx", "gate.txt"):
        provided.pipeline.remove(document_id(name))


def test_a_selected_document_can_be_looked_into_and_deleted(provided: Services):
    add_files(provided, EN, [uploaded("zz.txt", b"The canteen opens at noon.")])
    settle(provided, "zz.txt")
    at = start()
    position = list(at.dataframe[0].value["name"]).index("zz.txt")
    at.session_state["table"] = {"selection": {"rows": [position], "columns": [], "cells": []}}
    at.run()
    assert not at.exception
    assert "canteen" in "".join(m.value for m in at.markdown)
    next(b for b in at.button if b.label == EN("docs.delete")).click().run()
    at.button(key="delete-yes").click().run()
    assert provided.runtime.library.get(document_id("zz.txt")) is None


def test_a_file_over_the_limit_is_one_line_on_the_page_and_in_the_list(provided: Services):
    settings = provided.runtime.settings.model_copy(update={"max_file_mb": 1})
    pipeline = Pipeline(
        provided.runtime.library, provided.runtime.store, provided.runtime.embedder, settings
    )
    big = uploaded("big.txt", b"Much. " * (2**21 // 6))
    (problem,) = add_files(replace(provided, pipeline=pipeline), EN, [big])
    assert "1 MiB" in problem
    assert "FOOTNOTE_MAX_FILE_MB" in problem
    shown = [line for line in table(provided.runtime.library.list()) if "big.txt" in line]
    assert any(problem in line for line in shown)
    notices = [e.proto.body for e in start().get("html") if "fn-notice" in e.proto.body]
    assert sum("1 MiB" in notice for notice in notices) == 1
    pipeline.remove(document_id("big.txt"))


@pytest.mark.parametrize(
    ("reason", "line"),
    [("a.pdf: it is locked.", "a.pdf: it is locked."), ("It is locked.", "a.pdf: It is locked.")],
)
def test_the_name_stands_in_a_problem_once(reason, line):
    assert one_line(EN, "a.pdf", reason) == line


def test_columns_and_sizes():
    document = Document("1", "a.pdf", "", "", "", ("hr", "it"), state=State.FAILED, reason="Why")
    table = rows(EN, [document])
    assert table["groups"] == ["hr, it"]
    assert table["reason"] == ["Why"]
    assert (size_words(512), size_words(3 << 20)) == ("0.5 KiB", "3.0 MiB")
