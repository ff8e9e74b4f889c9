"""Numbers, dates and units of workbooks as people see them."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.parse.number_format import shown


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (None, "General", ""),
        (3, "General", "3"),
        (3.0, "General", "3"),
        (0.1 + 0.2, "General", "0.3"),
        (12345678901.0, "General", "12345678901"),
        (1234567890.25, "General", "1234567890.25"),
        (True, "General", "TRUE"),
        ("  a\n b ", "@", "a b"),
        (0.125, "0%", "13%"),
        (0.125, "0.0%", "12.5%"),
        (2.675, "0.00", "2.68"),
        (1234.5, "#,##0.00", "1234.50"),
        (1234.5, '#,##0.00\\ "₽"', "1234.50 ₽"),
        (1234.5, "#,##0.00\\ [$€-407]", "1234.50 €"),
        (1234.5, "[$$-409]#,##0.00", "$1234.50"),
        (18450, '#,##0 "руб."', "18450 руб."),
        (-1234, '_(* #,##0_);_(* \\(#,##0\\);_(* "—"_);_(@_)', "-1234"),
        (0, '_(* #,##0_);_(* \\(#,##0\\);_(* "—"_);_(@_)', "0"),
        (-0.001, "0.0", "0.0"),
        (123, "00000", "00123"),
        (2_500_000, '0.0,,"млн"', "2.5 млн"),
        (7, '0" шт."', "7 шт."),
        (36.6, '0.0"°C"', "36.6°C"),
        (12345.678, "0.00E+00", "1.23E+04"),
        (0.5, "# ?/?", "0.5"),
        (5, "[Red]0.0;[Blue]-0.0", "5.0"),
        (79161234567, "+0(000)000-00-00", "79161234567"),
        (datetime.datetime(2026, 1, 31), "dd.mm.yyyy", "2026-01-31"),
        (datetime.datetime(2026, 1, 1), "mmmm yyyy", "2026-01"),
        (datetime.datetime(2026, 1, 1), "General", "2026-01-01"),
        (datetime.datetime(2026, 1, 31, 9, 5), "dd.mm.yyyy hh:mm", "2026-01-31 09:05"),
        (datetime.time(9, 5), "hh:mm", "09:05"),
    ],
)
def test_shown(value: object, number_format: str, text: str) -> None:
    assert shown(value, number_format) == text


@given(st.floats(allow_nan=True, allow_infinity=True) | st.integers(), st.text(max_size=30))
def test_any_format_gives_one_line(value: float, number_format: str) -> None:
    assert "\n" not in shown(value, number_format)


@given(st.floats(-1e9, 1e9), st.integers(0, 4))
def test_no_number_moves_farther_than_its_format_rounds(value: float, decimals: int) -> None:
    text = shown(value, "#,##0." + "0" * decimals if decimals else "#,##0")
    assert abs(float(text) - value) <= 0.5000001 * 10**-decimals
