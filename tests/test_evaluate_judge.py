"""The judge against a scripted model at the wire."""

from collections.abc import Iterator

import pytest

from rag.answers import Answer, Mode, Sentence
from rag.evaluate.ask import Outcome
from rag.evaluate.dataset import Question
from rag.evaluate.judge import Judge, open_judge
from rag.evaluate.score import scores
from rag.settings import Settings
from rag.types import Chunk, Document, Passage, Principal
from serving.errors import ConfigError, ModelUnavailable
from tests.openai_server import OpenAIServer, Reply, says

TEXT = "Every employee has 28 days of leave."
QUESTION = Question("q", "How much leave?", (), frozenset(), True, "en", (), Principal("x"))


def outcome(*sentences: str) -> Outcome:
    document = Document("a", "a.pdf", "0" * 64, "application/pdf", "v")
    passage = Passage(Chunk("a", "a", "v", 0, TEXT), document, 1.0)
    said = tuple(Sentence(text) for text in sentences)
    answer = Answer(QUESTION.question, "en", Mode.WRITTEN, said)
    return Outcome(QUESTION, (), 0.0, 1.0, answer, passages=(passage,))


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@pytest.fixture
def judge(server: OpenAIServer) -> Judge:
    found = open_judge(Settings(judge_url=server.url, judge_model="judge-8b", llm_timeout=5))
    assert found is not None
    return found


def test_the_share_of_statements_that_follow(server: OpenAIServer, judge: Judge) -> None:
    server.replies.extend([
        says("- Employees have 28 days.\n2. They are paid.\n\nThey may be moved.\n"),
        says("1: yes\n2: No\n3. yes"),
    ])  # fmt: skip
    assert judge.of(outcome("Employees have 28 paid days.", "They may be moved.")) == 2 / 3
    first, second = (body["messages"][1]["content"] for body in server.asked)
    assert "How much leave?" in first
    assert "They may be moved." in first
    assert TEXT in second
    assert "1: Employees have 28 days.\n2: They are paid.\n3: They may be moved." in second
    assert {body["model"] for body in server.asked} == {"judge-8b"}


@pytest.mark.parametrize("verdicts", ["yes", "1: yes", "1: yes\n2: perhaps", ""])
def test_a_reply_in_no_form_is_no_verdict(
    server: OpenAIServer, judge: Judge, verdicts: str
) -> None:
    server.replies.extend([says("One.\nTwo."), says(verdicts)])
    assert judge.of(outcome("One and two.")) is None


def test_where_nothing_was_said_nothing_is_asked(server: OpenAIServer, judge: Judge) -> None:
    assert judge.of(outcome()) is None
    assert server.asked == []


def test_a_judge_that_is_down_is_told(server: OpenAIServer, judge: Judge) -> None:
    server.replies.extend([Reply(status=500)] * 3)
    with pytest.raises(ModelUnavailable):
        judge.of(outcome("One."))


def test_without_the_setting_there_is_no_judge_and_no_score() -> None:
    assert open_judge(Settings()) is None
    assert "faithfulness" not in scores(outcome("One."))
    with pytest.raises(ConfigError, match="JUDGE_MODEL"):
        open_judge(Settings(judge_url="http://127.0.0.1:1/v1"))
