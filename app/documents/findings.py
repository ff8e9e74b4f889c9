"""A quality report's findings as sentences."""

from collections.abc import Callable, Sequence

from app.texts import Texts, has_text
from rag.report import Finding, QualityReport

NameOf = Callable[[str], str]
"""The name of the document with this id; empty if the viewer may not know it."""
_MOST_PAGES = 12
"""Numbers and runs of page numbers shown."""


def sentence(text: Texts, finding: Finding, name_of: NameOf) -> str:
    """What was found, in plain words."""
    key = f"find.{finding.code}"
    if not has_text(key):
        return text("find.other", code=finding.code)
    values: dict[str, object] = {
        "pages": page_list(finding.pages),
        "percent": round(100 * finding.value),
        "number": round(finding.value),
        "detail": finding.detail or text("find.instructions.hidden"),
        "name": name_of(finding.detail) or text("find.hidden"),
    }
    if finding.code == "broken_table":
        values["fault"] = text(f"find.fault.{finding.detail}")
    if finding.pages and has_text(f"{key}.one"):
        values["count"] = min(len(finding.pages), 2)  # "page 21", "pages 3, 7": one, or more
    return text(key, **values)


def page_list(pages: Sequence[int]) -> str:
    """`3, 7–9`; an ellipsis after the first dozen."""
    runs: list[tuple[int, int]] = []
    for page in sorted(pages):
        if runs and page == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], page)
        else:
            runs.append((page, page))
    shown = [str(first) if first == last else f"{first}–{last}" for first, last in runs]
    return ", ".join(shown[:_MOST_PAGES]) + ("…" if len(shown) > _MOST_PAGES else "")


def languages_line(text: Texts, report: QualityReport) -> str:
    """`English 80 %, Russian 20 %`; nothing where no language was told."""
    shares = [
        text(f"find.language.{language}", percent=round(100 * share))
        for language, share in sorted((report.languages or {}).items(), key=lambda pair: -pair[1])
        if share >= 0.005
    ]
    return text("find.languages", shares=", ".join(shares)) if shares else ""
