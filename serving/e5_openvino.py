"""A BERT encoder on OpenVINO, as a module of sentence-transformers.

The graph is built from the weights of the folder, without tracing and without a converter. The
embedding table stays in the file, its rows read and looked up outside the graph, so that it
occupies no memory (`serving.rows`). OpenVINO computes in bfloat16 where the processor has it
(AVX512-BF16, AMX), else in float32. Measurements: docs/decisions/0001-embedding-model.md.
"""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from sentence_transformers.base.modules import InputModule
from tokenizers import Encoding, Tokenizer

from serving.rows import Rows

if TYPE_CHECKING:
    from openvino import Model, Node

Arrays = dict[str, NDArray[Any]]


class OpenVinoEncoder(InputModule):
    """Texts to token embeddings, (batch, tokens, hidden), with their attention mask.

    Args:
        folder: a sentence-transformers folder whose encoder is a BertModel.
        options: OpenVINO's properties for the processor.

    Not thread-safe: one inference at a time.
    """

    tokenizer: Tokenizer

    def __init__(self, folder: Path, options: dict[str, Any] | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        # Importing openvino reports to Google Analytics through this package, if it can be
        # imported; without it openvino uses its own stub.
        sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
        import openvino

        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.max_seq_length = int(config["max_position_embeddings"])
        self.hidden = int(config["hidden_size"])
        self.pad = int(config["pad_token_id"])
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.encode_special_tokens = True
        with safe_open(folder / "model.safetensors", framework="numpy") as file:
            names = list(file.keys())
            weights = {name: file.get_tensor(name) for name in names if name != _WORDS}
        self._words = Rows(folder / "model.safetensors", _WORDS)
        self._others = weights["embeddings.position_embeddings.weight"].astype(np.float32)
        self._others += weights["embeddings.token_type_embeddings.weight"][0]
        defaults = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            # Shapes of batches whose kernels are kept; the default, 5,000, grows for hours.
            "CPU_RUNTIME_CACHE_CAPACITY": 64,
        }
        graph = self.prepared(encoder(weights, config))
        with _few_primitives():
            core = openvino.Core()
            self._compiled = core.compile_model(graph, "CPU", defaults | (options or {}))
            self.forward(self.preprocess([""]))

    def prepared(self, graph: "Model") -> "Model":
        """The graph as it is compiled; `serving.embedding_bench` tries others."""
        return graph

    def preprocess(
        self, inputs: Sequence[Any], prompt: str | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        """Token ids and mask, both (batch, tokens), padded to the longest text."""
        del kwargs
        # Cut and padded here: in the tokenizer both are state, which threads would share.
        rows = [encoding.ids for encoding in self._encode([(prompt or "") + t for t in inputs])]
        limit = self.max_seq_length
        rows = [[*row[: limit - 1], row[-1]] if len(row) > limit else row for row in rows]
        ids = np.full((len(rows), max(map(len, rows))), self.pad, np.int64)
        mask = np.zeros_like(ids)
        for at, row in enumerate(rows):
            ids[at, : len(row)] = row
            mask[at, : len(row)] = 1
        return {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, special tokens included, nothing cut. Thread-safe."""
        return [len(encoding.ids) for encoding in self._encode(texts)]

    def _encode(self, texts: Sequence[str]) -> list[Encoding]:
        return self.tokenizer.encode_batch_fast(list(texts))

    def forward(self, features: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """Adds `token_embeddings`, float32, (batch, tokens, hidden)."""
        del kwargs
        ids = features["input_ids"].numpy()
        mask = features["attention_mask"].numpy()
        embedded = self._words[ids]
        embedded += self._others[: ids.shape[1]]
        result = self._compiled({"embedded": embedded, "mask": mask.astype(bool)[:, None, None]})
        features["token_embeddings"] = torch.from_numpy(result[0])
        return features

    def get_embedding_dimension(self) -> int:
        """Width of a token embedding."""
        return self.hidden

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Nothing to save: the folder is the source."""


_WORDS = "embeddings.word_embeddings.weight"


@contextmanager
def _few_primitives() -> Iterator[None]:
    """Lets oneDNN, which OpenVINO computes with, keep eight compiled primitives, not 1,024.

    OpenVINO keeps those of the last shapes itself, so that oneDNN's are only memory: after 120
    batches of random lengths 1,033 MB instead of 1,067, in as much time. oneDNN reads the variable
    once, at its first primitive; torch's copy of it is to go on as before.
    """
    name = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"
    chosen = os.environ.get(name)
    os.environ.setdefault(name, "8")
    try:
        yield
    finally:
        if chosen is None:
            del os.environ[name]


def encoder(weights: Arrays, config: dict[str, Any]) -> "Model":
    """The encoder as a graph: `embedded` (batch, tokens, hidden) and `mask` (batch, 1, 1, tokens),
    true for real tokens, to the last hidden states.
    """
    from openvino import Model
    from openvino import opset13 as ops

    hidden = config["hidden_size"]
    embedded = ops.parameter([-1, -1, hidden], np.float32, name="embedded")
    mask = ops.parameter([-1, 1, 1, -1], bool, name="mask")
    for parameter in (embedded, mask):
        parameter.output(0).tensor.names = {parameter.get_friendly_name()}
    state = _norm(embedded, weights, "embeddings.LayerNorm", config)
    for layer in range(config["num_hidden_layers"]):
        name = f"encoder.layer.{layer}"
        context = _attention(state, mask, weights, f"{name}.attention.self", config)
        attended = ops.add(state, _linear(context, weights, f"{name}.attention.output.dense"))
        state = _norm(attended, weights, f"{name}.attention.output.LayerNorm", config)
        inner = ops.gelu(_linear(state, weights, f"{name}.intermediate.dense"), "erf")
        state = ops.add(state, _linear(inner, weights, f"{name}.output.dense"))
        state = _norm(state, weights, f"{name}.output.LayerNorm", config)
    return Model([state], [embedded, mask], "bert")


def _attention(
    state: "Node", mask: "Node", weights: Arrays, name: str, config: dict[str, Any]
) -> "Node":
    from openvino import opset13 as ops

    heads = config["num_attention_heads"]
    split = [0, 0, heads, config["hidden_size"] // heads]
    query, key, value = (
        ops.transpose(
            ops.reshape(_linear(state, weights, f"{name}.{part}"), split, special_zero=True),
            [0, 2, 1, 3],
        )
        for part in ("query", "key", "value")
    )
    context = ops.scaled_dot_product_attention(query, key, value, mask)
    merged = [0, 0, config["hidden_size"]]
    return ops.reshape(ops.transpose(context, [0, 2, 1, 3]), merged, special_zero=True)


def _linear(state: "Node", weights: Arrays, name: str) -> "Node":
    from openvino import opset13 as ops

    product = ops.matmul(state, _constant(weights[f"{name}.weight"]), False, True)
    return ops.add(product, _constant(weights[f"{name}.bias"]))


def _norm(state: "Node", weights: Arrays, name: str, config: dict[str, Any]) -> "Node":
    from openvino import opset13 as ops

    normal = ops.mvn(state, [-1], True, config["layer_norm_eps"], "inside_sqrt")
    scaled = ops.multiply(normal, _constant(weights[f"{name}.weight"]))
    return ops.add(scaled, _constant(weights[f"{name}.bias"]))


def _constant(values: NDArray[Any]) -> "Node":
    from openvino import opset13 as ops

    return ops.constant(values.astype(np.float32))
