"""The embedder in this process: shapes, prompts, threads, and models that are not there."""

import threading
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

from serving.embedding import Embedder, batches, open_embedder
from serving.errors import ConfigError
from serving.rerank import open_reranker

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "leave", "travel", "price", "when", "?"]


def test_finds_the_passage_across_languages(embedder: Embedder) -> None:
    questions = embedder.embed_queries(["Сколько дней отпуска?", "What is the capital of France?"])
    passages = embedder.embed_passages(
        ["Employees have 25 days of annual leave.", "Париж — столица Франции.", "Bananas ripen."]
    )
    assert questions.shape == (2, 384)
    assert questions.dtype == passages.dtype == np.float32
    assert (questions @ passages.T).argmax(axis=1).tolist() == [0, 1]
    np.testing.assert_allclose(np.linalg.norm(passages, axis=1), 1, atol=1e-5)


def test_order_and_values_do_not_depend_on_the_batch(embedder: Embedder) -> None:
    texts = [f"{'word ' * (n * 7 % 40)}{n}" for n in range(21)]
    together = embedder.embed_passages(texts)
    alone = np.concatenate([embedder.embed_passages([text]) for text in texts])
    assert (together * alone).sum(axis=1).min() > 0.999


def test_queries_and_passages_have_their_own_prompts(embedder: Embedder) -> None:
    same = embedder.embed_queries(["leave"])[0] @ embedder.embed_passages(["leave"])[0]
    assert same < 0.999
    assert embedder.get_query_embedding("leave") != embedder.get_text_embedding("leave")


def test_nothing_and_odd_texts(embedder: Embedder) -> None:
    assert embedder.embed_queries([]).shape == (0, 384)
    assert embedder.count_tokens([]) == []
    odd = embedder.embed_passages(["", " ", "\ud800 broken", "\0", "слово " * 3000])
    np.testing.assert_allclose(np.linalg.norm(odd, axis=1), 1, atol=1e-5)


def test_counts_tokens_with_prefix_and_nothing_cut(embedder: Embedder) -> None:
    # <s> ▁passage : ▁ </s> and <s> ▁passage : ▁leave </s>
    assert embedder.count_tokens(["leave", "word " * 2000]) == [5, 2005]
    assert embedder.max_tokens == 512


def test_text_past_the_limit_is_cut(embedder: Embedder) -> None:
    # 4 tokens go to <s>, ▁passage, :, </s>.
    fits = "word " * 508
    vectors = embedder.embed_passages([fits, fits + "banana " * 50, fits[:-50]])
    assert embedder.count_tokens([fits]) == [512 + 1]
    assert vectors[0] @ vectors[1] > 0.9999
    assert vectors[0] @ vectors[2] < 0.99999


def test_threads_get_their_own_vectors(embedder: Embedder) -> None:
    texts = [f"{'text ' * n}number {n}" for n in range(12)]
    expected = embedder.embed_passages(texts)
    found: dict[int, float] = {}

    def work(at: int) -> None:
        for _ in range(3):
            found[at] = float(embedder.embed_passages([texts[at]])[0] @ expected[at])
            embedder.count_tokens(texts)

    threads = [threading.Thread(target=work, args=(at,)) for at in range(len(texts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(texts)
    assert min(found.values()) > 0.999


def test_a_missing_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="FOOTNOTE_EMBEDDING_MODEL"):
        open_embedder("./no such folder", tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="FOOTNOTE_EMBEDDING_MODEL"):
        open_embedder(str(tmp_path / "empty"), tmp_path)


def test_a_folder_runs_on_torch(tmp_path: Path, embedder: Embedder) -> None:
    built = next(path for path in _models(embedder) if path.is_dir())
    plain = open_embedder(str(built), tmp_path)
    texts = ["Employees have 25 days of annual leave.", "Париж — столица Франции."]
    agreement = (plain.embed_passages(texts) * embedder.embed_passages(texts)).sum(axis=1)
    assert agreement.min() > 0.9995
    assert plain.count_tokens(texts) == embedder.count_tokens(texts)
    assert plain.fingerprint != embedder.fingerprint


def _models(embedder: Embedder) -> list[Path]:
    tag = embedder.fingerprint.partition("@")[2]
    return list((Path(__file__).parent.parent / "var" / "models").glob(f"*{tag}"))


def test_reranker_scores_in_order(tmp_path: Path) -> None:
    folder = _cross_encoder(tmp_path, labels=1)
    reranker = open_reranker(str(folder))
    texts = ["travel price", "leave", "price price price"]
    scores = reranker.scores("when leave ?", texts)
    alone = [reranker.scores("when leave ?", [text])[0] for text in texts]
    assert scores == pytest.approx(alone, abs=1e-5)
    assert len(set(scores)) == 3
    assert reranker.scores("when leave ?", []) == []


def test_reranker_that_is_none_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="FOOTNOTE_RERANK_MODEL"):
        open_reranker("nobody/no-such-reranker")
    with pytest.raises(ConfigError, match="3 scores"):
        open_reranker(str(_cross_encoder(tmp_path, labels=3)))


def _cross_encoder(folder: Path, labels: int) -> Path:
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        num_labels=labels,
        initializer_range=0.5,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(WORDS))
    BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


@given(
    st.lists(st.integers(0, 2000), max_size=9),
    st.integers(1, 4),
    st.integers(0, 500),
)
def test_batches_are_the_cheapest(lengths: list[int], most: int, call: int) -> None:
    found = batches(lengths, most, call)
    assert sorted(at for batch in found for at in batch) == list(range(len(lengths)))
    assert all(0 < len(batch) <= most for batch in found)

    def cost(groups: list[list[int]]) -> int:
        return sum(call + len(group) * max(lengths[at] for at in group) for group in groups)

    order = sorted(range(len(lengths)), key=lambda at: -lengths[at])
    for cuts in product([True, False], repeat=max(0, len(order) - 1)):
        groups = [order[:1]] if order else []
        for at, cut in zip(order[1:], cuts, strict=True):
            if cut:
                groups.append([])
            groups[-1].append(at)
        if all(len(group) <= most for group in groups):
            assert cost(found) <= cost(groups)
