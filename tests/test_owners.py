"""Whom a refusal names."""

from rag.owners import owner_of, owners_of
from rag.types import Chunk, Document, Passage

OWNERS = {"": "desk@example.org", "hr": "Anna", "hr/pay/": "Boris"}


def passage(name: str) -> Passage:
    document = Document(name, name, "", "text/plain", "v")
    return Passage(Chunk(name, name, "v", 0, "text"), document, 1.0)


def test_the_nearest_folder_decides() -> None:
    assert owner_of("hr/leave.pdf", OWNERS) == "Anna"
    assert owner_of("hr/pay/bonus.pdf", OWNERS) == "Boris"
    assert owner_of("hrx.pdf", OWNERS) == "desk@example.org"
    assert owner_of("hrx.pdf", {"hr": "Anna"}) == ""


def test_a_single_file_may_have_an_owner() -> None:
    assert owner_of("hr/leave.pdf", OWNERS | {"hr/leave.pdf": "Clara"}) == "Clara"


def test_owners_of_the_closest_come_first_and_once() -> None:
    found = [passage("hr/pay/a.pdf"), passage("hr/b.pdf"), passage("hr/pay/c.pdf")]
    assert owners_of(found, OWNERS) == ("Boris", "Anna")


def test_without_passages_whoever_answers_for_the_rest() -> None:
    assert owners_of([], OWNERS) == ("desk@example.org",)
    assert owners_of([passage("x.pdf")], {"hr": "Anna"}) == ()
