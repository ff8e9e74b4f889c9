"""The refusal's precision-recall curves as an SVG picture, drawn without a library."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_SIZE, _LEFT, _TOP = 320, 46, 16
_WIDTH, _HEIGHT = 640, 380
_COLOURS = ("#1f6feb", "#b35900", "#1a7f37", "#8250df", "#cf222e", "#57606a")
SHOWN = ("same_language", "conversation", "cross_language")


def drawn(models: Mapping[str, Any]) -> str:
    """Recall to the right, precision up, a dot where the threshold is; of sets not fitted on."""
    curves = [
        (name, figures)
        for model in SHOWN
        for name, figures in models.get(model, {}).get("judged_by_the_others", {}).items()
        if figures["curve"]
    ]
    lines = "\n".join(line for at, curve in enumerate(curves) for line in _curve(at, *curve))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="sans-serif" font-size="12" role="img">\n'
        "<title>Precision and recall of refusals, by models that had not seen the set</title>\n"
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>\n'
        + "\n".join(_axes())
        + f"\n{lines}\n</svg>\n"
    )


def _axes() -> Iterator[str]:
    for tenth in range(0, 11, 2):
        x, y = _place(tenth / 10, tenth / 10)
        yield (
            f'<path d="M{x} {_TOP}V{_TOP + _SIZE}M{_LEFT} {y}H{_LEFT + _SIZE}" stroke="#d8dee4"/>'
        )
        yield f'<text x="{x}" y="{_TOP + _SIZE + 16}" text-anchor="middle">{tenth / 10}</text>'
        yield f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{tenth / 10}</text>'
    middle = _TOP + _SIZE / 2
    yield (
        f'<text x="{_LEFT + _SIZE / 2}" y="{_HEIGHT - 8}" text-anchor="middle">'
        "recall of refusals</text>"
    )
    yield (
        f'<text x="12" y="{middle}" text-anchor="middle" transform="rotate(-90 12 {middle})">'
        "precision of refusals</text>"
    )


def _curve(at: int, name: str, figures: Mapping[str, Any]) -> Iterator[str]:
    colour = _COLOURS[at % len(_COLOURS)]
    points = " ".join("{},{}".format(*_place(recall, p)) for _, p, recall, _ in figures["curve"])
    yield f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
    x, y = _place(figures["refusal_recall"], figures["refusal_precision"] or 0.0)
    yield f'<circle cx="{x}" cy="{y}" r="5" fill="{colour}"/>'
    right, down = _LEFT + _SIZE + 16, _TOP + 14 + 22 * at
    yield f'<rect x="{right}" y="{down - 9}" width="12" height="10" fill="{colour}"/>'
    yield f'<text x="{right + 18}" y="{down}">{escape(name)}</text>'


def _place(recall: float, precision: float) -> tuple[float, float]:
    return round(_LEFT + _SIZE * recall, 1), round(_TOP + _SIZE * (1 - precision), 1)
