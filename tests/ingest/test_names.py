"""Names of documents and groups, whatever people and file systems give."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.names import MAX_NAME_BYTES, clean_groups, clean_name
from serving.errors import RejectedFile


@given(st.text(max_size=300) | st.text("./\\ aя\u0306\u202e\n", max_size=20))
def test_a_name_is_either_safe_or_rejected(name):
    try:
        cleaned = clean_name(name)
    except RejectedFile as error:
        reason = str(error)
        cleaned = ""
    if not cleaned:
        assert "\n" not in reason
        assert reason.encode()  # printable, whatever the bytes of the name were
        return
    assert clean_name(cleaned) == cleaned
    assert 0 < len(cleaned.encode()) <= MAX_NAME_BYTES
    assert not cleaned.startswith("/")
    assert {"", ".", ".."}.isdisjoint(cleaned.split("/"))
    assert all(unicodedata.category(c) != "Cc" for c in cleaned)


def test_groups_are_stripped_and_sorted():
    assert clean_groups([" hr", "board ", "hr", ""]) == ("board", "hr")
    with pytest.raises(RejectedFile):
        clean_groups([" ", ""])
