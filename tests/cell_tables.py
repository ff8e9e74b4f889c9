"""Documents with tables, in six formats and two languages, and questions about single cells.

Everything is made up. A question names the row and the column as a person would; `cell` is the
value asked for and `key` the cell that names its row.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import docx
import openpyxl
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")


@dataclass(frozen=True)
class Cell:
    """A question about one cell."""

    question: str
    cell: str
    key: str


@dataclass(frozen=True)
class Made:
    """A document with one table."""

    name: str
    title: str
    intro: str
    rows: list[list[str]]
    cells: list[Cell]
    ruled: bool = True
    repeat_header: bool = True
    """On every page of a PDF."""
    top: Sequence[tuple[str, int]] = ()
    """A row above the header (HTML): texts and how many columns each spans."""


def _prices(word: str, number: int) -> list[list[str]]:
    kinds = ["pump", "valve", "filter", "gauge", "seal", "hose"]
    return [
        [f"{word}-{300 + 7 * n}", f"{kinds[n % 6]} size {n % 9 + 1}", f"{40 + 3 * n}.50",
         str(n * 5 % 83), f"Hall {'ABCD'[n % 4]}"]
        for n in range(number)
    ]  # fmt: skip


ENGLISH = [
    Made(
        "leave.pdf",
        "Leave by country",
        "Every subsidiary follows the law of its country. The table shows paid leave in 2026.",
        [
            ["Country", "Parental leave", "Sick leave", "Public holidays"],
            ["Norway", "49 weeks", "52 weeks", "10 days"],
            ["Germany", "14 months", "6 weeks", "9 days"],
            ["Spain", "16 weeks", "18 months", "14 days"],
            ["Estonia", "475 days", "182 days", "12 days"],
            ["Portugal", "150 days", "3 years", "13 days"],
        ],
        [
            Cell("What is the parental leave in Norway?", "49 weeks", "Norway"),
            Cell("How long is sick leave in Spain?", "18 months", "Spain"),
            Cell("How many public holidays does Estonia have?", "12 days", "Estonia"),
            Cell("How long does parental leave last in Portugal?", "150 days", "Portugal"),
        ],
    ),
    Made(
        "rooms.pdf",
        "Meeting rooms",
        "Rooms are booked at the reception desk.",
        [
            ["Room", "Floor", "Seats", "Equipment"],
            ["Aurora", "second", "12", "projector"],
            ["Borealis", "third", "24", "video wall"],
            ["Cassini", "first", "6", "whiteboard"],
            ["Dione", "fifth", "40", "stage and microphones"],
        ],
        [
            Cell("How many seats does the room Borealis have?", "24", "Borealis"),
            Cell("What equipment is in the meeting room Dione?", "stage and microphones", "Dione"),
            Cell("On which floor is the room Cassini?", "first", "Cassini"),
        ],
        ruled=False,
    ),
    Made(
        "allowances.docx",
        "Travel allowances",
        "Hotel bills above the limit need the approval of the head of department.",
        [
            ["City", "Hotel limit per night", "Daily allowance", "Taxi allowed"],
            ["Vienna", "EUR 165", "EUR 58", "after 22:00"],
            ["Zurich", "CHF 240", "CHF 80", "never"],
            ["Warsaw", "PLN 620", "PLN 210", "always"],
            ["Dublin", "EUR 190", "EUR 62", "after 21:00"],
        ],
        [
            Cell("What is the hotel limit per night in Zurich?", "CHF 240", "Zurich"),
            Cell("How high is the daily allowance in Warsaw?", "PLN 210", "Warsaw"),
            Cell("When may I take a taxi in Dublin?", "after 21:00", "Dublin"),
        ],
    ),
    Made(
        "parts.xlsx",
        "Spare parts",
        "",
        [["Article", "Description", "Price EUR", "In stock", "Location"], *_prices("QX", 120)],
        [
            Cell("What is the price of article QX-433?", "97.50", "QX-433"),
            Cell("Where is article QX-1028 located?", "Hall A", "QX-1028"),
            Cell("How many pieces of QX-657 are in stock?", "6", "QX-657"),
        ],
    ),
    Made(
        "suppliers.csv",
        "",
        "",
        [
            ["Supplier", "Contact person", "Payment term", "Rating"],
            ["Meyer Stahl", "Ulrike Brandt", "30 days net", "A"],
            ["Lindqvist Oy", "Pekka Salo", "45 days net", "B"],
            ["Ferretti Srl", "Chiara Conti", "60 days net", "A"],
            ["Novak Plast", "Jan Novak", "14 days net", "C"],
        ],
        [
            Cell("Who is the contact person at Ferretti Srl?", "Chiara Conti", "Ferretti Srl"),
            Cell("What payment term does Lindqvist Oy have?", "45 days net", "Lindqvist Oy"),
            Cell("What is the rating of the supplier Novak Plast?", "C", "Novak Plast"),
        ],
    ),
    Made(
        "laptops.html",
        "Laptop models",
        "The service desk orders the following models.",
        [
            ["Model", "Processor", "Memory", "Disk", "Screen", "Weight", "Battery life", "Ports",
             "Docking station", "Warranty"],
            ["Kestrel 13", "U5-226", "16 GB", "512 GB", "13 inch", "1.1 kg", "17 hours",
             "two USB-C", "D20", "3 years"],
            ["Kestrel 15", "U7-258", "32 GB", "1 TB", "15 inch", "1.6 kg", "14 hours",
             "three USB-C", "D20", "3 years"],
            ["Heron 16", "R9-890", "64 GB", "2 TB", "16 inch", "2.2 kg", "9 hours",
             "four USB-C, HDMI", "D40", "5 years"],
        ],
        [
            Cell("What is the battery life of the Kestrel 15?", "14 hours", "Kestrel 15"),
            Cell("Which docking station fits the Heron 16?", "D40", "Heron 16"),
            Cell("How much does the Kestrel 13 weigh?", "1.1 kg", "Kestrel 13"),
        ],
    ),
]  # fmt: skip

RUSSIAN = [
    Made(
        "filialy.pdf",
        "Филиалы компании",
        "Филиалы работают по местному времени.",
        [
            ["Филиал", "Часы работы", "Телефон", "Руководитель"],
            ["Казань", "с 9 до 18", "+7 843 200-11-22", "Гузель Ахметова"],
            ["Самара", "с 8 до 17", "+7 846 300-44-55", "Пётр Лосев"],
            ["Омск", "с 10 до 19", "+7 3812 40-60-70", "Вера Туманова"],
            ["Пермь", "с 9 до 20", "+7 342 500-80-90", "Игорь Снегирёв"],
        ],
        [
            Cell("Какой телефон у филиала в Самаре?", "+7 846 300-44-55", "Самара"),
            Cell("Кто руководитель филиала Омск?", "Вера Туманова", "Омск"),
            Cell("Какие часы работы у филиала Пермь?", "с 9 до 20", "Пермь"),
        ],
    ),
    Made(
        "nasosy.pdf",
        "Насосы серии Волна",
        "Технические данные насосов.",
        [
            ["Модель", "Мощность", "Напор", "Масса"],
            ["Волна-10", "0,75 кВт", "18 м", "11 кг"],
            ["Волна-20", "1,50 кВт", "32 м", "17 кг"],
            ["Волна-40", "3,00 кВт", "54 м", "29 кг"],
            ["Волна-80", "5,50 кВт", "71 м", "48 кг"],
        ],
        [
            Cell("Какая мощность у насоса Волна-20?", "1,50 кВт", "Волна-20"),
            Cell("Какой напор у модели Волна-40?", "54 м", "Волна-40"),
            Cell("Сколько весит, какая масса у насоса Волна-80?", "48 кг", "Волна-80"),
        ],
        ruled=False,
    ),
    Made(
        "ceny.docx",
        "Прайс-лист на станки",
        "Цены указаны без налога и действуют до конца года.",
        [
            ["Модель", "Цена", "Гарантия", "Срок поставки"],
            ["ТС-150", "1 240 000 руб.", "12 месяцев", "6 недель"],
            ["ТС-200", "1 890 000 руб.", "18 месяцев", "8 недель"],
            ["ФР-310", "2 650 000 руб.", "24 месяца", "14 недель"],
            ["ФР-420", "3 175 000 руб.", "36 месяцев", "20 недель"],
        ],
        [
            Cell("Какая цена у модели ТС-200?", "1 890 000 руб.", "ТС-200"),
            Cell("Какая гарантия на станок ФР-310?", "24 месяца", "ФР-310"),
            Cell("Какой срок поставки у модели ФР-420?", "20 недель", "ФР-420"),
        ],
    ),
    Made(
        "stavki.xlsx",
        "Ставки",
        "",
        [
            ["Вид работ", "Единица", "Ставка, руб.", "Бригада"],
            ["Монтаж кабеля", "метр", "185", "вторая"],
            ["Покраска стен", "кв. метр", "420", "первая"],
            ["Укладка плитки", "кв. метр", "1150", "третья"],
            ["Установка дверей", "штука", "3900", "четвёртая"],
        ],
        [
            Cell("Какая ставка за укладку плитки?", "1150", "Укладка плитки"),
            Cell("Какая бригада занимается установкой дверей?", "четвёртая", "Установка дверей"),
            Cell("Какая ставка за монтаж кабеля?", "185", "Монтаж кабеля"),
        ],
    ),
    Made(
        "sklad.csv",
        "",
        "",
        [
            ["Материал", "Поставщик", "Остаток", "Ячейка"],
            ["Лист стальной 3 мм", "Северсталь", "140 листов", "К-17"],
            ["Труба медная 15 мм", "Ревда", "320 метров", "М-04"],
            ["Болт М12", "Метизный завод", "9500 штук", "Б-22"],
            ["Краска серая", "Лакра", "64 банки", "Х-09"],
        ],
        [
            Cell("Какой остаток медной трубы 15 мм?", "320 метров", "Труба медная 15 мм"),
            Cell("В какой ячейке лежит серая краска?", "Х-09", "Краска серая"),
            Cell("Кто поставщик болтов М12?", "Метизный завод", "Болт М12"),
        ],
    ),
    Made(
        "vyruchka.html",
        "Выручка по регионам",
        "Выручка дана в миллионах рублей.",
        [
            ["Регион", "план", "факт", "план", "факт"],
            ["Урал", "310", "325", "340", "352"],
            ["Сибирь", "205", "198", "230", "241"],
            ["Поволжье", "415", "433", "460", "447"],
        ],
        [
            Cell("Какой факт выручки в регионе Сибирь за второй квартал?", "241", "Сибирь"),
            Cell("Какой план выручки на Урале на первый квартал?", "310", "Урал"),
            Cell("Какая фактическая выручка у региона Поволжье?", "433", "Поволжье"),
        ],
        top=(("", 1), ("Первый квартал", 2), ("Второй квартал", 2)),
    ),
]  # fmt: skip


def _staff(number: int) -> list[list[str]]:
    first = ["Ada", "Boris", "Carla", "Dmitri", "Elena"]
    last = ["Akker", "Brandt", "Castillo", "Dorn", "Egorov", "Fuchs", "Gallo", "Hahn", "Ivanova"]
    return [
        [
            f"{first[n % 5]} {last[n % 9]}",
            f"wing {'NESW'[n % 4]}",
            f"{4100 + 13 * n}",
            f"R-{n + 11}",
        ]
        for n in range(number)
    ]


LONG = [
    Made(
        "directory.pdf",
        "Staff directory",
        "The switchboard connects calls from outside.",
        [["Employee", "Place", "Extension", "Room"], *_staff(45)],
        [
            Cell("What is the extension of Ada Fuchs?", "4165", "Ada Fuchs"),
            Cell("In which room is Elena Ivanova?", "R-55", "Elena Ivanova"),
        ],
    ),
    Made(
        "depots.pdf",
        "Depots abroad",
        "Depots are open to customers by appointment.",
        [
            ["Depot", "Manager", "Opening hours", "Surface"],
            *[[f"Depot {name}", f"Manager {name[::-1].title()}", f"{6 + n % 5} to {15 + n % 6}",
               f"{900 + 17 * n} sq m"]
              for n, name in enumerate(
                  f"{a}{b}" for a in ("Lor", "Mar", "Nes", "Ost", "Pol", "Rum") for b in
                  ("dal", "heim", "ville", "stad", "berg", "ford", "mouth"))],
        ],
        [
            Cell("What are the opening hours of Depot Polville?", "6 to 15", "Depot Polville"),
            Cell("How large is the surface of Depot Rummouth?", "1597 sq m", "Depot Rummouth"),
        ],
        repeat_header=False,
    ),
]  # fmt: skip
"""Over several pages."""

ALL = [*ENGLISH, *RUSSIAN, *LONG]


def write(made: Made, folder: Path) -> Path:
    """The document as a file in `folder`."""
    path = folder / made.name
    {".pdf": _pdf, ".docx": _docx, ".xlsx": _xlsx, ".csv": _csv, ".html": _html}[path.suffix](
        made, path
    )
    return path


def _pdf(made: Made, path: Path) -> None:
    pdfmetrics.registerFont(TTFont("DejaVu", str(FONT)))
    styles = getSampleStyleSheet()
    for name in ("Heading1", "BodyText"):
        styles[name].fontName = "DejaVu"
    grid = [("GRID", (0, 0), (-1, -1), 0.5, colors.black)] if made.ruled else []
    look = TableStyle([("FONT", (0, 0), (-1, -1), "DejaVu", 10), *grid])
    SimpleDocTemplate(str(path), pagesize=landscape(A4)).build(
        [
            Paragraph(made.title, styles["Heading1"]),
            Paragraph(made.intro, styles["BodyText"]),
            Spacer(1, 12),
            Table(
                made.rows,
                style=look,
                colWidths=[150] * len(made.rows[0]),
                repeatRows=int(made.repeat_header),
            ),
        ]
    )


def _docx(made: Made, path: Path) -> None:
    document = docx.Document()
    document.add_heading(made.title, 1)
    document.add_paragraph(made.intro)
    table = document.add_table(len(made.rows), len(made.rows[0]))
    for row, cells in zip(table.rows, made.rows, strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    document.save(str(path))


def _xlsx(made: Made, path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = made.title
    for row in made.rows:
        sheet.append([_number(cell) for cell in row])
    book.save(path)


def _number(cell: str) -> str | float | int:
    try:
        return int(cell)
    except ValueError:
        return cell


def _csv(made: Made, path: Path) -> None:
    russian = made in RUSSIAN
    with path.open("w", encoding="cp1251" if russian else "utf-8", newline="") as file:
        csv.writer(file, delimiter=";" if russian else ",").writerows(made.rows)


def _html(made: Made, path: Path) -> None:
    top = "".join(f'<th colspan="{wide}">{text}</th>' for text, wide in made.top)
    header = "".join(f"<th>{cell}</th>" for cell in made.rows[0])
    head = f"<tr>{top}</tr><tr>{header}</tr>" if top else f"<tr>{header}</tr>"
    body = "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in made.rows[1:]
    )
    path.write_text(
        f"<html><body><h1>{made.title}</h1><p>{made.intro}</p>"
        f"<table><thead>{head}</thead><tbody>{body}</tbody></table></body></html>",
        encoding="utf-8",
    )
