"""unstructured without spaCy: a stand-in for `unstructured.nlp.tokenize`, and its telemetry off.

unstructured asks this module whether a text has verbs, words and sentences, to tell narrative
text from titles. The original downloads a spaCy model from GitHub on first use, which fails
offline and is slow. The stand-in knows no parts of speech: any text of several words has a
"verb" where a word looks like one (English endings and common verbs; in Russian any text of
five words). Element boundaries do not depend on it, only Title or NarrativeText does.
"""

import os
import re
import sys
from types import ModuleType

from rag.text import split_sentences

_MODULE = "unstructured.nlp.tokenize"
_TOKEN = re.compile(r"\w+(?:['’-]\w+)*|[^\w\s]")
_VERB = re.compile(
    r"(?:is|are|was|were|be|been|has|have|had|do|does|did|can|could|will|would|shall|should|may|"
    r"might|must|get|go|make|take|use|see|need|say|\w{2,}(?:ed|ing|ize|ise|ify))",
    re.IGNORECASE,
)
_RUSSIAN_VERB = re.compile(r"\w+(?:ть|ться|ет|ит|ют|ят|ал|ил|ла|ли|ло|ется|ится|ются|ятся|но|ны)")


def install() -> None:
    """Put the stand-in in place and switch telemetry off. Idempotent; call before the import."""
    if _MODULE in sys.modules:
        return
    os.environ["DO_NOT_TRACK"] = "1"
    os.environ["UNSTRUCTURED_DISABLE_NOTICE"] = "1"
    os.environ["SCARF_NO_ANALYTICS"] = "true"
    module = ModuleType(_MODULE, __doc__)
    module.sent_tokenize = sent_tokenize  # type: ignore[attr-defined]
    module.word_tokenize = word_tokenize  # type: ignore[attr-defined]
    module.pos_tag = pos_tag  # type: ignore[attr-defined]
    sys.modules[_MODULE] = module


def sent_tokenize(text: str) -> list[str]:
    """Sentences."""
    return [text[start:end] for start, end in split_sentences(str(text))]


def word_tokenize(text: str) -> list[str]:
    """Words and punctuation marks."""
    return _TOKEN.findall(str(text))


def pos_tag(text: str) -> list[tuple[str, str]]:
    """Each token with `VB` where it looks like a verb, else `NN`."""
    return [
        (token, "VB" if _VERB.fullmatch(token) or _RUSSIAN_VERB.fullmatch(token) else "NN")
        for token in word_tokenize(text)
    ]
