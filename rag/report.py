"""The quality report of one content: what was understood of it and what was not.

Made by `ingest/quality/` before the content becomes searchable, kept with the reading, shown on
the Documents page. Findings are codes that the pages translate; nothing here judges whether a
document is true.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Self


class Severity(StrEnum):
    """How much a finding matters to whoever owns the document."""

    NOTE = "note"
    """Good to know; nothing to do."""
    WARNING = "warning"
    """Part of the document may be missing from answers, or wrong."""
    SERIOUS = "serious"
    """Much of it is missing, or somebody should look before people rely on it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found, as a code with its measure."""

    code: str
    """`unread` (share of pages), `no_text` (share), `recognised` (mean confidence), `ocr_unsure`
    (lowest confidence), `garbled` (share of the document), `broken_table` (count; detail:
    `ragged`, `one_column`, `empty`), `instructions` (count; detail: the words), `skipped` (count;
    detail: name and reason), `duplicate`, `near_duplicate` (similarity; detail: the other's id),
    `other_language` (share)."""
    severity: Severity
    pages: tuple[int, ...] = ()
    """From 1; empty where it concerns the whole document or there are no pages."""
    value: float = 0.0
    """The measure that the code names: a share or a confidence (0..1), or a count."""
    detail: str = ""
    """What it refers to: the other document's id, the suspicious words, the member's name."""


@dataclass(frozen=True, slots=True)
class QualityReport:
    """What was found in one content, worst first."""

    findings: tuple[Finding, ...] = ()
    languages: Mapping[str, float] | None = None
    """Share of the letters by language (`en`, `ru`, `` for others), 0..1."""

    @property
    def worst(self) -> Severity | None:
        """The severity of the worst finding; None: nothing was found."""
        order = list(Severity)
        return max((f.severity for f in self.findings), key=order.index, default=None)

    @property
    def to_check(self) -> tuple[str, ...]:
        """Codes of the findings that a person should look at, worst first, each once."""
        codes = (f.code for f in self.findings if f.severity is not Severity.NOTE)
        return tuple(dict.fromkeys(codes))

    def with_duplicates(self, others: Sequence[str]) -> Self:
        """The report, naming `others` (ids) and no more as documents of the same content."""
        found = [finding for finding in self.findings if finding.code != "duplicate"]
        found += [Finding("duplicate", Severity.NOTE, value=1.0, detail=other) for other in others]
        return replace(self, findings=tuple(found))

    def without(self, others: Collection[str]) -> Self:
        """The report, without findings about the documents `others` (ids)."""
        return replace(self, findings=tuple(f for f in self.findings if f.detail not in others))

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Self:
        """What `to_dict` gave; an empty one for a reading from before there were reports."""
        findings = tuple(
            Finding(
                item["code"],
                Severity(item["severity"]),
                tuple(item["pages"]),
                item["value"],
                item["detail"],
            )
            for item in value.get("findings", ())
        )
        return cls(findings, value.get("languages"))
