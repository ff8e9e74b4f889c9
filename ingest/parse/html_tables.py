"""Which rows of a table's HTML are its header. Knows only what the HTML says."""

import re

_TR = re.compile(r"<tr\b.*?</tr>", re.DOTALL | re.IGNORECASE)
_HEAD = re.compile(r"<thead\b.*?</thead>", re.DOTALL | re.IGNORECASE)


def header_rows(html: str) -> int:
    """Rows at the top that the HTML marks as header, by `<thead>` or `<th>` alone; 1 if none."""
    head = _HEAD.search(html)
    if head:
        return max(1, len(_TR.findall(head.group())))
    marked = 0
    for row in _TR.findall(html):
        if "<td" in row.lower():
            break
        marked += 1
    return max(1, marked)
