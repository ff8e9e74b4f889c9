"""Why a file was not taken in, in Russian: reasons come from `ingest` as English sentences.

Only the common ones are known; any other is shown as it came.
"""

import re

from app.texts import Texts

_RUSSIAN: tuple[tuple[str, str], ...] = (
    (r"the file is empty", "файл пуст. Сохраните его заново и добавьте снова."),
    (
        r"(\d+) MiB is more than the limit of (\d+) MiB",
        "{0} МиБ больше предела в {1} МиБ. Разделите файл или увеличьте FOOTNOTE_MAX_FILE_MB.",
    ),
    (r"locked with a password", "файл закрыт паролем. Снимите пароль и добавьте снова."),
    (r"(?:is|are) encrypted", "содержимое зашифровано. Добавьте файл без шифрования."),
    (
        r"text recognition.* not (?:available|installed)",
        "на страницах только картинки, а распознавание текста не установлено.",
    ),
    (r"no text was found", "в файле нет текста. Добавьте файл с текстом."),
    (
        r"damaged|cut short",
        "файл повреждён. Откройте его, сохраните заново и добавьте снова.",
    ),
    (r"encoding cannot be told", "кодировку не удалось определить. Сохраните файл в UTF-8."),
    (
        r"named \.(\S+), but its content is ([^.]+)\.",
        "имя кончается на .{0}, а содержимое — {1}. Исправьте имя и добавьте снова.",
    ),
    (r"files of type (.+?) are not read", "файлы типа {0} не читаются."),
    (r"old Office format", "старый формат Office не читается. Сохраните как DOCX, XLSX или PPTX."),
    (
        r"takes longer than ([\d.]+) s",
        "чтение длится дольше {0} с. Разделите файл или увеличьте FOOTNOTE_MAX_PARSE_SECONDS.",
    ),
    (
        r"takes more memory than (\d+) MiB",
        "чтению не хватает {0} МиБ памяти. Разделите файл или увеличьте "
        "FOOTNOTE_MAX_PARSE_MEMORY_MB.",
    ),
    (
        r"(\d+) pages are more than the limit of (\d+)",
        "{0} страниц больше предела в {1}. Разделите файл или увеличьте FOOTNOTE_MAX_PAGES.",
    ),
    (
        r"unpacks to more than (\d+) MiB",
        "в распакованном виде больше {0} МиБ. Добавьте файлы по одному или увеличьте "
        "FOOTNOTE_MAX_EXPANDED_MB.",
    ),
    (
        r"holds more than (\d+) files",
        "внутри больше {0} файлов. Разделите архив или увеличьте FOOTNOTE_MAX_MEMBERS.",
    ),
    (r"archive holds no files", "в архиве нет файлов."),
    (r"cannot be opened", "файл не открывается."),
    (r"leaves its folder|absolute path", "имя ведёт за пределы папки. Переименуйте файл."),
    (r"content was not kept", "содержимое не сохранилось. Добавьте файл снова."),
    (r"Try again\.$", "временный сбой. Повторите."),
)
_ANSWERS = "The previous version still answers."
_ANSWERS_RU = "Прежняя версия продолжает отвечать."


def reason_words(text: Texts, reason: str) -> str:
    """A reason, without the file's name, in the page's language; English where it is not known."""
    if text("nav.language") != "ru":
        return reason
    told = reason.removesuffix(_ANSWERS).rstrip()
    for pattern, russian in _RUSSIAN:
        if match := re.search(pattern, told, re.IGNORECASE):
            words = russian.format(*match.groups())
            return f"{words} {_ANSWERS_RU}" if reason.endswith(_ANSWERS) else words
    return text("docs.problem", line=reason)
