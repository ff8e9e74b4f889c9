"""Words in a document that seem meant for a language model and not for its reader.

Patterns for English and Russian, and text that is hidden from people. They find what addresses an
assistant as such or sets the form of its reply; a plain request ("List the winners of 2015") reads
like any sentence of a document and is not found. So this is a hint for the owner; what keeps an
instruction from being obeyed is how answers are made (`rag/prompt.py`, `rag/support.py`).
"""

import re
import unicodedata
from dataclasses import dataclass

_EXCERPT = 120
"""Characters shown of what was found."""
_HIDDEN_RUN = 8
"""Zero-width characters in a row, or tag characters, that make a hidden text: joiners and soft
breaks stand alone."""

_ZERO_WIDTH = "\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\ufeff\u00ad"
_HIDDEN = re.compile(
    f"[{_ZERO_WIDTH}]{{{_HIDDEN_RUN},}}|(?<!\U0001f3f4)[\U000e0020-\U000e007f]{{{_HIDDEN_RUN},}}"
)
_INVISIBLE = re.compile(f"[{_ZERO_WIDTH}\U000e0000-\U000e007f]")

_EARLIER = (
    r"(?:previous|prior|above|earlier|preceding|foregoing|all|any|other|your|these|those|the)"
)
_RULES = r"(?:instructions?|prompts?|guidelines|commands|directions|directives|system messages?)"
_EARLIER_RU = (
    r"(?:предыдущ|прежн|вышеизложенн|вышестоящ|перв[оы]|люб|систем|вс[её]|эт|сво|тво|ваш|данн)"
)
_RULES_RU = r"(?:инструкци|указани|команд|промпт|правил|распоряжени|систем\w+ сообщени)"
_NEVER_MIND_RU = (
    r"(?:игнорируй|проигнорируй|забудь|отмени|отбрось|не обращай(?:те)? внимания(?: на)?|"
    r"не учитывай|не следуй|не выполняй|пренебреги|нарушь)(?:те)?"
)
_MODEL = (
    r"(?:(?:ai|language|llm)[ -]?(?:assistant|model|system|agent)?|llm|chat ?bot|chatgpt|assistant)"
)
_MODEL_RU = r"(?:ии|ассистент\w*|языков\w+ модел\w+|нейросет\w*|чат-?бот\w*|chatgpt|помощник\w*)"

_OVERRIDE = (
    rf"\b(?:ignore|disregard|forget|override|bypass|do not follow|don't follow|stop following)"
    rf"(?:\s+\w+){{0,3}}?\s+{_EARLIER}(?:\s+\w+){{0,3}}?\s+{_RULES}",
    r"\b(?:your|new|updated|real|actual) (?:system )?(?:instructions?|prompt) (?:are|is)\b",
    r"\b(?:reveal|print|repeat|output|show|leak)(?:\s+\w+){0,3}\s+(?:system|initial|hidden) prompt",
    rf"\byou are now (?:an?|the|in)? ?(?:\w+ )?"
    rf"(?:{_MODEL}|dan|jailbroken|unrestricted|developer mode)\b",
    rf"\b(?:pretend|act|behave)(?: to be| as if| as though| like| as)?(?: you(?:'re| are| were)?)?"
    rf"(?: an?| the)? (?:\w+ )?{_MODEL}\b",
    rf"\b(?:note|attention|message|instructions?|important)[ ,:]*"
    rf"(?:to|for)(?: the| any| all)? {_MODEL}\b",
    rf"\b(?:if|since|because) you(?:'re| are) an? (?:\w+ )?{_MODEL}\b",
    rf"\bas an {_MODEL},? (?:you|your)\b",
    r"<\|?(?:im_start|im_end|system|endoftext)\|?>|\[/?inst\]|<<sys>>",
    r"###\s*(?:system|instruction)\s*:",
    rf"\b{_NEVER_MIND_RU}\W+(?:\w+\W+){{0,3}}?{_EARLIER_RU}\w*\W+(?:\w+\W+){{0,3}}?{_RULES_RU}",
    r"\b(?:раскрой|выведи|покажи|повтори|напечатай)(?:те)?\W+(?:\w+\W+){0,3}?"
    r"системн\w+ (?:промпт|запрос|сообщен|инструкц)",
    rf"\b(?:ты|вы) теперь (?:не )?(?:\w+ )?{_MODEL_RU}",
    rf"\bесли (?:ты|вы) (?:— |- |являешься |являетесь )?(?:\w+ )?{_MODEL_RU}",
    rf"\bкак {_MODEL_RU},? (?:ты|вы)\b",
    rf"\b(?:инструкци\w+|сообщение|внимание|важно)[ ,:]*(?:для|всем)?(?: \w+)? {_MODEL_RU}",
    r"\bпредставь(?:те)?,? что (?:ты|вы) (?:\w+ )?(?:модель|ассистент|бот|нейросеть|человек без)",
)
"""Addresses a model, or sets its rules aside."""
_REPLY = r"(?:response|answer|reply|output|completion)"
_REPLY_RU = r"(?:ответ\w*|реплик\w*|сообщени\w*)"
_FORM = (
    rf"\b(?:encode|translate|render|rewrite|reverse|encrypt|obfuscate|format|display|begin|start|end|"
    rf"finish|conclude|enhance|prefix|append|shift|scramble|convert|insert|replace)\b"
    rf"[^.?!\n]{{0,60}}\byour (?:\w+ )?{_REPLY}\b",
    rf"\b(?:include|add|integrate|mention|embed|put|apply|weave|incorporate|insert|use)\b"
    rf"[^.?!\n]{{0,60}}\b(?:in|into|to|within) your (?:\w+ )?{_REPLY}\b",
    rf"\bin your (?:\w+ )?{_REPLY},? "
    r"(?:include|add|mention|say|recommend|do not|never|always|use)\b",
    rf"\b(?:provide|give|write|render|present|deliver)\b your (?:\w+ )?{_REPLY} "
    r"(?:in|using|as|with)\b",
    r"\b(?:reply|respond|answer)\b (?:only |always )?(?:using|in|with)\b[^.?!\n]{0,30}"
    r"\b(?:base ?\d\d|encod|cipher|emoji|reverse|rot13|language|morse|hex)",
    rf"\b(?:закодируй|переведи|зашифруй|перепиши|начни|закончи|выведи|дополни|оформи)(?:те)?\b"
    rf"[^.?!\n]{{0,40}}\b(?:свой|твой|ваш|свои|твои|ваши)\w* {_REPLY_RU}",
    rf"\b(?:добавь|включи|упомяни|вставь|укажи)(?:те)?\b[^.?!\n]{{0,60}}"
    rf"\b(?:в|к) (?:свой|твой|ваш|сво[её]м|тво[её]м|своему|твоему) {_REPLY_RU}",
    r"\b(?:отвечай|ответь)(?:те)? (?:только |всегда )?"
    r"(?:на \w+ языке|в base|используя|с помощью|эмодзи|шифром)",
)
"""Sets the form or the content of a reply that is "yours"."""


def _any(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


_OVERRIDES = _any(_OVERRIDE)
_OVERRIDE_SIGNS = tuple(
    """instruction|prompt|guideline|command|direction|system|assistant|chatbot|chat bot|chatgpt|llm
    |language model|language agent| ai|<|inst]|# system|#system|jailb|unrestricted|developer mode
    | dan|инструкц|указани|команд|промпт|правил|распоряжени|ассистент|модел|нейросет|чатбот|чат-бот
    |помощник| ии|бот|человек без""".replace("\n    ", "").split("|")
)
"""One of these stands in whatever the patterns find: looking for them first is ten times faster."""
_FORMS = _any(_FORM)
_FORM_SIGNS = (" your ", "reply", "respond", "answer", "ответ", "отвеч", "реплик", "сообщени")
_KINDS = ((_OVERRIDES, _OVERRIDE_SIGNS, True), (_FORMS, _FORM_SIGNS, False))


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Words that seem meant for a model."""

    words: str
    """On one line, shortened."""
    plain: bool
    """It addresses a model or hides itself; otherwise it only sets the form of a reply."""


def suspicions(text: str) -> list[Suspicion]:
    """What is found in a text, hidden text first; at most one of each kind."""
    found = []
    hidden = None if text.isascii() else _HIDDEN.search(text)
    if hidden:
        found.append(Suspicion(_revealed(hidden.group()), plain=True))
    visible = text if text.isascii() else _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    folded = visible.lower()
    for pattern, signs, plain in _KINDS:
        if not any(sign in folded for sign in signs):
            continue
        match = pattern.search(folded)
        if match:
            source = visible if len(visible) == len(folded) else folded
            found.append(Suspicion(_around(source, match.start(), match.end()), plain))
    return found


def _revealed(hidden: str) -> str:
    """What tag characters spell; nothing for zero-width characters."""
    spelt = "".join(chr(ord(c) - 0xE0000) for c in hidden if ord(c) > 0xE0000)
    return " ".join(spelt.split())[:_EXCERPT]


def _around(text: str, start: int, end: int) -> str:
    """The words found and some before them, up to `_EXCERPT` characters."""
    left = max(text.rfind("\n", 0, start) + 1, start - 30)
    return " ".join(text[left : max(end, left + _EXCERPT)].split())[:_EXCERPT]
