"""The plots of the page Evaluation. Imported with the page: altair takes a second to load."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from app.texts import Texts

_HEIGHT = 260
_MARK = "#c0604f"


def refusal_curve(
    text: Texts, curve: Sequence[Mapping[str, float]], now: tuple[float, float] | None
) -> alt.LayerChart:
    """Precision over recall of refusing; `now` is marked: what the product does (both)."""
    precision, recall = text("eval.m.refused_precision"), text("eval.m.refused_recall")
    told = (
        ("threshold", text("eval.curve.threshold")),
        ("precision", precision),
        ("recall", recall),
        ("answered_when_answerable", text("eval.curve.answered")),
    )
    share = alt.Scale(domain=[0, 1])
    line = _chart([dict(point) for point in curve]).mark_line(point=alt.OverlayMarkDef(size=16))
    line = line.encode(
        x=alt.X("recall:Q", title=recall, scale=share),
        y=alt.Y("precision:Q", title=precision, scale=share),
        tooltip=[alt.Tooltip(f"{name}:Q", title=words, format=".3f") for name, words in told],
    )
    here = [{"precision": now[0], "recall": now[1]}] if now else []
    mark = _chart(here).mark_point(shape="diamond", size=160, filled=True, color=_MARK)
    mark = mark.encode(x="recall:Q", y="precision:Q")
    layers: alt.LayerChart = alt.LayerChart(layer=[line, mark])
    return layers.properties(height=_HEIGHT)


def times(text: Texts, milliseconds: Sequence[float]) -> alt.Chart:
    """How many answers took how long."""
    bars = _chart([{"ms": time} for time in milliseconds]).mark_bar()
    chart: alt.Chart = bars.encode(
        x=alt.X("ms:Q", bin=alt.Bin(maxbins=24), title=text("eval.m.latency")),
        y=alt.Y("count()", title=text("eval.count")),
    )
    return chart.properties(height=_HEIGHT * 2 // 3)


def changes(text: Texts, rows: Sequence[Mapping[str, Any]]) -> alt.LayerChart:
    """A dot and an interval for each of `rows` (metric, change, low, high), a line at zero."""
    base = _chart([dict(row) for row in rows]).encode(
        y=alt.Y("metric:N", title=None, sort=None, axis=alt.Axis(labelLimit=320))
    )
    bars = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("low:Q", title=text("eval.change")), x2="high:Q"
    )
    dots = base.mark_point(filled=True, size=70, opacity=1).encode(x="change:Q")
    zero = _chart([{"at": 0}]).mark_rule(strokeDash=[4, 4], opacity=0.5).encode(x="at:Q")
    layers: alt.LayerChart = alt.LayerChart(layer=[bars, dots, zero])
    return layers.properties(height=70 + 34 * len(rows))


def _chart(rows: list[dict[str, Any]]) -> alt.Chart:
    return alt.Chart(alt.Data(values=rows))  # type: ignore[no-untyped-call]
