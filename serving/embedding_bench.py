"""`python -m serving.embedding_bench`: embedding models and backends, side by side in one run.

The candidates take turns, round after round, because the machine may be shared: each figure is
a median over the rounds, and its ratio is to plain sentence-transformers in the same round.
Turns do not make a busy machine fair: there torch's threads spin at each barrier (a question
took 1,060 ms in place of 30), OpenVINO's do not. So the load of the machine is printed; above
its cores, ratios flatter whatever is not torch, and `OMP_WAIT_POLICY=PASSIVE` is fairer.
Every round has the same texts, so that no time is in it for the first meeting with a length
(about 10 ms a question on OpenVINO). Does not know retrieval with BM25 fused in, as
`python -m rag.evaluate` does: `--quality` ranks by the dense vectors alone.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from math import log2
from pathlib import Path
from statistics import median
from typing import Any

import torch

from serving import e5
from serving.embedding_candidates import PRODUCT, Candidate, Vectors, usable

SENTENCES = 10
"""In one batch, as a question has them."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m serving.embedding_bench")
    parser.add_argument("--texts", type=int, default=48, help="passages in a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--corpora", type=Path, default=Path("../shared/eval"))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--quality", action="store_true", help="nDCG@10 too, some minutes")
    options = parser.parse_args()
    texts = passages(options.corpora, options.texts)
    loads = [round(os.getloadavg()[0], 2)]
    with tempfile.TemporaryDirectory() as folder:
        candidates = list(usable(e5.folder(Path("var/models")), Path(folder)))
        for number in range(options.rounds + 1):  # the first one warms up
            for candidate in candidates:
                measure(candidate, texts, keep=number > 0)
            loads.append(round(os.getloadavg()[0], 2))
        rows = table(candidates, texts)
        found: dict[str, Any] = {
            "cpu": features(),
            "threads": torch.get_num_threads(),
            "omp_wait_policy": os.environ.get("OMP_WAIT_POLICY", "default"),
            "load": loads,
            "rows": rows,
        }
        print(render(rows))
        found["ingest_ratio"] = next(r["ratio_to_plain"] for r in rows if r["candidate"] == PRODUCT)
        if options.quality:
            found["ndcg_at_10"] = quality(candidates, options.corpora)
    print(*(f"{name}: {value}" for name, value in found.items() if name != "rows"), sep="\n")
    if options.json:
        options.json.write_text(json.dumps(found, indent=2), "utf-8")
    return 0


def passages(corpora: Path, count: int) -> list[str]:
    """English and Russian paragraphs: of XQuAD where it is, else of the sample organisation."""
    files = [corpora / f"xquad-{language}" / "corpus.jsonl" for language in ("en", "ru")]
    if all(file.exists() for file in files):
        rows = [file.read_text(encoding="utf-8").splitlines()[: count // 2] for file in files]
        return [json.loads(row)["text"] for part in rows for row in part]
    texts = [path.read_text(encoding="utf-8") for path in sorted(Path("data/sources").glob("*.md"))]
    return [block for text in texts for block in text.split("\n\n") if len(block) > 200][:count]


def measure(candidate: Candidate, texts: Sequence[str], keep: bool) -> None:
    """One round: all passages, ten sentences, one question."""
    short = [text[:160] for text in texts[:SENTENCES]]
    for part, times in (
        (texts, candidate.passages),
        (short, candidate.sentences),
        (short[:1], candidate.query),
    ):
        started = time.perf_counter()
        candidate.embed(part)
        if keep:
            times.append(time.perf_counter() - started)


def table(candidates: Sequence[Candidate], texts: Sequence[str]) -> list[dict[str, Any]]:
    """A row for each candidate."""
    exact = candidates[0].embed(texts)
    rows = []
    for candidate in candidates:
        ratios = zip(candidates[0].passages, candidate.passages, strict=True)
        same = candidate.name.startswith("e5")
        cosines = (candidate.embed(texts) * exact).sum(axis=1) if same else None
        rows.append(
            {
                "candidate": candidate.name,
                "passages_per_s": round(len(texts) / median(candidate.passages), 1),
                "ratio_to_plain": round(median(a / b for a, b in ratios), 2),
                "ten_sentences_ms": round(median(candidate.sentences) * 1000),
                "query_ms": round(median(candidate.query) * 1000, 1),
                "least_cosine": None if cosines is None else round(float(cosines.min()), 5),
            }
        )
    return rows


def quality(candidates: Sequence[Candidate], corpora: Path) -> dict[str, float]:
    """nDCG@10 of the dense vectors alone, for plain sentence-transformers and the product."""
    found = {}
    for language in ("en", "ru"):
        folder = corpora / f"xquad-{language}"
        if not folder.is_dir():
            print(f"{folder} is missing: no quality of it", file=sys.stderr)
            continue
        texts = {row["id"]: row["text"] for row in _lines(folder / "corpus.jsonl")}
        questions = _lines(folder / "questions.dev.jsonl")
        for candidate in candidates:
            if candidate.queries is None:
                continue
            passages = candidate.embed(list(texts.values()))
            asked = candidate.queries([row["question"] for row in questions])
            found[f"{language}, {candidate.name}"] = _ndcg(
                asked @ passages.T, list(texts), questions
            )
    return found


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def _ndcg(scores: Vectors, ids: Sequence[str], questions: Sequence[dict[str, Any]]) -> float:
    # One passage is right for each question of XQuAD, so the ideal is 1.
    gains = []
    for row, question in zip(scores, questions, strict=True):
        best = [ids[at] for at in (-row).argsort()[:10]]
        (gold,) = question["gold_ids"]
        gains.append(1 / log2(best.index(gold) + 2) if gold in best else 0.0)
    return round(sum(gains) / len(gains), 4)


def render(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    heads = list(rows[0])
    lines = [" | ".join(heads), "|".join("---" for _ in heads)]
    lines += [" | ".join("" if row[h] is None else str(row[h]) for h in heads) for row in rows]
    return "\n".join(f"| {line} |" if "---" not in line else f"|{line}|" for line in lines)


def features() -> str:
    """The instructions of this processor that matter here."""
    wanted = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8")
    info = Path("/proc/cpuinfo")
    words = info.read_text(encoding="utf-8").split() if info.exists() else []
    return " ".join(name for name in wanted if name in words) or "unknown"


if __name__ == "__main__":
    sys.exit(main())
