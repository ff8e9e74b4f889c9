"""How states, findings, reasons and changes are put into words and markup."""

from datetime import UTC, timedelta, timezone

import pytest

from app.documents.findings import languages_line, page_list, sentence
from app.documents.preview import parts
from app.documents.rendering import changes_html, elements_html, table_html
from app.documents.states import (
    Shown,
    as_tree,
    belongs,
    day_and_time,
    one_line,
    same_reasons,
    size_words,
    state_words,
)
from app.texts import plural_form, texts
from app.texts_reasons import reason_words
from ingest.guard.parser import Parser
from ingest.limits import Limits
from ingest.progress import Progress
from rag.difference import Change, Kind, difference
from rag.report import Finding, QualityReport, Severity
from rag.types import Document, State, document_id
from serving.errors import RejectedFile
from tests.browser.files import locked_pdf

EN, RU = texts("en"), texts("ru")
MOSCOW = timezone(timedelta(hours=3))


def document(name: str = "a.pdf", state: State = State.READY, **more) -> Document:
    return Document(document_id(name), name, "", "", "", state=state, **more)


@pytest.mark.parametrize(
    ("made", "english", "russian"),
    [
        (document(), "Ready", "Готов"),
        (document(findings=("garbled", "no_text")), "Ready, 2 to check", "Готов, проверить: 2"),
        (document(state=State.WAITING), "Waiting", "Ожидает"),
        (document(state=State.WORKING), "Being read, 40 %", "Читается, 40 %"),
        (document(state=State.FAILED), "Failed", "Сбой"),
        (
            document(state=State.FAILED, retry_at="2026-11-24T09:40:00+00:00"),
            "To be tried again at 12:40",
            "Повтор в 12:40",
        ),
        (document(state=State.REJECTED), "Not accepted", "Не принят"),
        (document(state=State.CANCELLED), "Cancelled", "Отменён"),
    ],
)
def test_every_state_is_said_in_both_languages(made, english, russian):
    progress = Progress(made.id, "embed", 4, 10)
    assert state_words(EN, made, progress, MOSCOW) == english
    assert state_words(RU, made, progress, MOSCOW) == russian


def test_each_document_belongs_where_a_person_looks_for_it():
    again = document(state=State.FAILED, retry_at="2026-11-24T09:40:00+00:00")
    assert belongs(again, Shown.BUSY)
    assert not belongs(again, Shown.PROBLEMS)
    assert belongs(document(state=State.FAILED), Shown.PROBLEMS)
    assert belongs(document(state=State.REJECTED), Shown.PROBLEMS)
    assert belongs(document(findings=("garbled",)), Shown.CHECK)
    assert all(belongs(document(state=state), Shown.ALL) for state in State)


def test_members_stand_below_what_they_came_in():
    box = document("a.zip")
    between = document("a.zip.bak")
    mail = document("a.zip/m.eml", parent=box.id)
    attached = document("a.zip/m.eml/x.txt", parent=mail.id)
    alone = document("z.txt", parent="removed since")
    tree = as_tree([box, between, mail, attached, alone])
    assert [(depth, d.name) for depth, d in tree] == [
        (0, "a.zip"),
        (1, "a.zip/m.eml"),
        (2, "a.zip/m.eml/x.txt"),
        (0, "a.zip.bak"),
        (0, "z.txt"),
    ]


def test_files_of_one_reason_stand_together():
    made = [document(f"{n}.docx", reason=f"{n}.docx: the file is empty.") for n in "abc"]
    made.append(document("d.pdf", reason="d.pdf: it is locked."))
    groups = same_reasons(made)
    assert [(reason, len(of_one)) for reason, of_one in groups] == [
        ("The file is empty.", 3),
        ("It is locked.", 1),
    ]


@pytest.mark.parametrize(
    ("reason", "line"),
    [("a.pdf: it is locked.", "a.pdf: it is locked."), ("It is locked.", "a.pdf: It is locked.")],
)
def test_the_name_stands_in_a_problem_once(reason, line):
    assert one_line(EN, "a.pdf", reason) == line


def test_the_common_refusals_are_said_in_russian(tmp_path):
    (tmp_path / "noise.docx").write_bytes(b"PK\x03\x04" + b"noise" * 50)
    (tmp_path / "blank.txt").write_text(" \n \n")
    locked_pdf(tmp_path / "locked.pdf")
    parser = Parser(Limits())
    for name, word in (("noise.docx", "повреждён"), ("blank.txt", "пуст"), ("locked.pdf", "парол")):
        folder = tmp_path / f"in {name}"
        folder.mkdir()
        with pytest.raises(RejectedFile) as told:
            parser.parse(tmp_path / name, name, folder)
        line = one_line(RU, name, str(told.value))
        assert line.startswith(f"{name}: ")
        assert word in line, told.value
    parser.close()
    still = "the file is empty. Save it. The previous version still answers."
    assert reason_words(RU, still).endswith("Прежняя версия продолжает отвечать.")
    assert reason_words(EN, still) == still
    assert "Something new." in reason_words(RU, "Something new.")


def test_times_are_the_viewers():
    assert day_and_time("2026-11-24T22:30:00+00:00", MOSCOW) == "2026-11-25 01:30"
    assert day_and_time("2026-11-24T22:30:00", UTC) == "2026-11-24 22:30"
    assert day_and_time("", UTC) == ""
    assert (size_words(512), size_words(3 << 20)) == ("0.5 KiB", "3.0 MiB")


@pytest.mark.parametrize(
    ("count", "english", "russian"),
    [
        *((0, "many", "many"), (1, "one", "one"), (2, "many", "few"), (5, "many", "many")),
        *((11, "many", "many"), (12, "many", "many"), (21, "many", "one"), (22, "many", "few")),
        *((101, "many", "one"), (111, "many", "many"), (114, "many", "many")),
    ],
)
def test_plural_forms(count, english, russian):
    assert plural_form("en", count) == english
    assert plural_form("ru", count) == russian


def test_words_agree_with_counts():
    assert EN("docs.added", count=1) == "1 file added"
    assert [RU("docs.added", count=n) for n in (1, 3, 5)] == [
        "Добавлен 1 файл",
        "Добавлено 3 файла",
        "Добавлено 5 файлов",
    ]


@pytest.mark.parametrize(
    ("pages", "shown"),
    [
        ((3,), "3"),
        ((9, 7, 3, 8), "3, 7–9"),
        (tuple(range(1, 40, 2)), "1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23…"),
    ],
)
def test_page_lists(pages, shown):
    assert page_list(pages) == shown


FINDINGS = [
    (Finding("no_text", Severity.NOTE, (3, 7)), "Pages 3, 7 hold no text."),
    (Finding("no_text", Severity.NOTE, (21,)), "Page 21 holds no text."),
    (
        Finding("garbled", Severity.WARNING, (2,), 0.1),
        "Letters on page 2 look garbled (10 % of the document).",
    ),
    (Finding("garbled", Severity.WARNING, (), 0.1), "Letters look garbled in 10 % of the text."),
    (Finding("duplicate", Severity.NOTE, (), 1, "known"), "Same content as Policy.pdf."),
    (
        Finding("duplicate", Severity.NOTE, (), 1, "secret"),
        "Same content as a document that you may not read.",
    ),
    (
        Finding("broken_table", Severity.WARNING, (1, 2), 3, "ragged"),
        "Tables on pages 1–2: 3 with rows of different lengths.",
    ),
    (
        Finding("instructions", Severity.SERIOUS, (), 1, ""),
        "These words seem meant for a language model: “text that people cannot see”",
    ),
    (Finding("brand_new", Severity.NOTE), "Finding: brand_new"),
]


@pytest.mark.parametrize(("finding", "english"), FINDINGS)
def test_findings_are_sentences_and_hide_names_that_the_viewer_may_not_know(finding, english):
    names = {"known": "Policy.pdf"}
    assert sentence(EN, finding, lambda identifier: names.get(identifier, "")) == english


CODES = ["unread", "no_text", "recognised", "ocr_unsure", "garbled", "instructions", "skipped"]
CODES += ["duplicate", "near_duplicate", "other_language"]


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("text", [EN, RU])
def test_every_code_of_a_report_has_words(code, text):
    for pages in ((1,), (1, 2)):
        said = sentence(text, Finding(code, Severity.NOTE, pages, 0.5, "x"), lambda _: "A.pdf")
        assert not said.startswith(("Finding", "Находка"))
        assert "{" not in said


def test_languages_are_told_by_share():
    report = QualityReport((), {"en": 0.2, "ru": 0.799, "": 0.001})
    assert languages_line(EN, report) == "Languages: Russian 80 %, English 20 %"
    assert languages_line(EN, QualityReport()) == ""


def test_what_was_read_is_escaped_and_keeps_its_structure():
    elements = [
        {"type": "Title", "text": "<b>Prices</b>"},
        {"type": "ListItem", "text": "first", "depth": 1},
        {
            "type": "Table",
            "text": "A B",
            "html": "<table><tr><td colspan=2>A &lt; <i>B</i></td></tr></table>",
        },
        {"type": "NarrativeText", "text": "<script>alert(1)</script>"},
    ]
    made = elements_html(elements)
    assert "&lt;b&gt;Prices&lt;/b&gt;" in made
    assert '<td colspan="2">A &lt; B</td>' in made
    assert "<script>" not in made
    assert "<i>" not in made


def test_a_table_of_ours_holds_nothing_but_cells():
    source = '<table onload="x"><tr><td onclick="y()">1<script>z</script></td><th>2</th></tr>'
    made = table_html(source)
    assert "onclick" not in made
    assert "<script" not in made
    assert made.count("<td>") == 2
    long = table_html("<tr><td>x</td></tr>" * 500)
    assert long.count("<tr>") == 200
    assert "300" in long


def test_sections_of_a_document_without_pages():
    title = {"type": "Title", "text": "One", "depth": 0}
    under = {"type": "Title", "text": "Below", "depth": 1}
    words = {"type": "NarrativeText", "text": "words"}
    found = parts([words, title, under, words, title | {"text": "Two"}, words])
    assert [part.title for part in found] == ["", "One", "Two"]
    assert [len(part.elements) for part in found] == [1, 3, 2]
    assert len(parts([words] * 130)) == 3


def test_changes_are_told_word_by_word():
    old = ["Same.", "A badge costs 12 euros a year.", "This goes.", "Same too."]
    new = ["Same.", "A badge costs 15 euros a year.", "Same too.", "This comes."]
    found = list(difference(old, new))
    assert [change.unchanged for change in found] == [1, 0, 0, 1, 0]
    assert (Kind.REMOVED, " 12") in found[1].runs
    assert (Kind.ADDED, " 15") in found[1].runs
    assert found[2] == Change(((Kind.REMOVED, "This goes."),))
    assert found[4] == Change(((Kind.ADDED, "This comes."),))
    made = changes_html([*found, Change(((Kind.ADDED, "<b>"),))], lambda n: f"{n} same")
    assert "<del> 12</del><ins> 15</ins>" in made
    assert '<p class="fn-note">1 same</p>' in made
    assert "<ins>&lt;b&gt;</ins>" in made


def test_nothing_is_lost_between_old_and_new():
    old = [f"Paragraph {n} of the old text says {n * 7}." for n in range(40)]
    new = [
        *old[:10],
        "A new one.",
        *old[12:30],
        *[f"Wholly other {n}" for n in range(5)],
        *old[35:],
    ]
    back, forth = [], []
    for change in difference(old, new):
        back.append("".join(t for k, t in change.runs if k is not Kind.ADDED))
        forth.append("".join(t for k, t in change.runs if k is not Kind.REMOVED))
    changed_old = [p for p in old if p not in new]
    changed_new = [p for p in new if p not in old]
    assert [p for p in back if p] == changed_old
    assert [p for p in forth if p] == changed_new
