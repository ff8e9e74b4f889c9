"""Moments as text: ISO 8601 in UTC with milliseconds, so that text order is time order."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Tells the time, with its zone; tests give their own."""


def utc_now() -> datetime:
    """The computer's clock."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """`2026-12-01T09:30:00.000+00:00`; a moment without a zone counts as UTC."""
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return zoned.astimezone(UTC).isoformat(timespec="milliseconds")


def parse_moment(text: str) -> str:
    """The stamp of a date or of a date with time, as people and sources write it in ISO 8601.

    A date alone is its first moment, no zone means UTC, and empty stays empty.

    Raises:
        ValueError: it is no ISO 8601 date.
    """
    return stamp(datetime.fromisoformat(text.strip())) if text.strip() else ""
