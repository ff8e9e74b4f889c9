"""The Evaluation page in a real browser: plots are drawn, runs compared, a failure is followed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from rag.evaluate import runs
from rag.evaluate.metrics import refusal_curve
from rag.evaluate.runs import Run
from rag.trace_store import TraceStore
from tests.app_server import AppServer
from tests.browser.pages import Footnote

QUESTION = "How many lifts does the east wing have?"
LIFTS = "The east wing has two lifts, and both are inspected in May."
CONFIDENCES = [(True, 0.9), (True, 0.6), (False, 0.7), (False, 0.2)]


def a_run(started_at: str, contained: float, trace_id: str) -> Run:
    common: dict[str, Any] = {"answerable": True, "gold": ["lifts.txt"], "answers": ["three lifts"]}
    scores = {"grounded": 1.0, "containment": contained, "cites_gold": 1.0, "latency_ms": 80.0}
    wrong = {
        **common, "id": "q1", "question": QUESTION, "mode": "extractive",
        "cited": ["lifts.txt"], "scores": scores, "trace_id": trace_id,
    }  # fmt: skip
    other = {**wrong, "id": "q2", "question": "Who inspects the lifts?", "trace_id": ""}
    curve = [{"threshold": p.threshold, "precision": p.precision, "recall": p.recall,
              "answered_when_answerable": p.answered_when_answerable}
             for p in refusal_curve(CONFIDENCES)]  # fmt: skip
    figures = {
        "questions": 2, "grounded": 1.0, "containment": contained, "refusal_precision": 0.5,
        "refusal_recall": 0.5, "baselines": {"bm25": {"ndcg@10": 0.5}},
    }  # fmt: skip
    return Run("house", started_at, "abc", {"embedder": "e5"}, figures, [wrong, other], curve)


@pytest.fixture
def folder(server: AppServer) -> Iterator[Path]:
    found = runs.folder_of(server.data_dir)
    yield found
    for file in found.glob("*.json"):
        file.unlink()


def test_from_a_figure_to_the_trace_of_a_failure(
    footnote: Footnote, server: AppServer, folder: Path, tmp_path: Path
):
    page = footnote.page
    file = tmp_path / "lifts.txt"
    file.write_text(LIFTS + "\n")
    footnote.go("Documents")
    footnote.upload(file)
    footnote.wait_for_state(file.name, "Ready")
    footnote.open()
    expect(footnote.ask(QUESTION)).to_contain_text(LIFTS)
    footnote.go("Traces")
    expect(footnote.trace(QUESTION).first).to_be_attached()
    traces = TraceStore(server.data_dir / "traces.sqlite")
    trace_id = next(t.id for t in traces.recent() if t.question == QUESTION)
    traces.close()
    runs.save(a_run("2030-01-01T10:00:00+00:00", 1.0, trace_id), folder)
    runs.save(a_run("2030-01-02T10:00:00+00:00", 0.0, trace_id), folder)

    footnote.go("Evaluation")
    plots = page.locator("[data-testid=stVegaLiteChart] svg:visible")
    expect(plots).to_have_count(2)
    expect(footnote.trace("Sentences supported").first).to_be_attached()

    page.get_by_role("tab", name="Compare").click()
    expect(plots).to_have_count(1)
    expect(page.get_by_text("Got worse: 2")).to_be_visible()

    page.get_by_role("tab", name="Questions").click()
    expect(page.get_by_text("Expected: three lifts")).to_be_visible()
    expect(page.get_by_text(f"Answer: {LIFTS} [1]")).to_be_visible()
    expect(page.locator(".fn-bars")).to_contain_text("score sentences")
