"""CSV as spreadsheets of this world write it: which encoding, which separator, how numbers look."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from geoloc.errors import QueriesError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks; that of UTF-32 begins with that of UTF-16."""
FALLBACK = "cp1252"
"""What a text that is not Unicode is read as: what spreadsheets in Europe and America write."""
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_SEP_LINE = re.compile(r'\s*"?sep=(.)"?[\s,;]*', re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d+,\d+\s*")
_NO_TEXT = {b"PK\x03\x04": "an Excel or LibreOffice file", b"\xd0\xcf\x11\xe0": "an old Excel file", b"%PDF": "a PDF"}
_CHUNK = 1 << 20
_LONGEST_VALUE = 1 << 24
"""Characters of one value: an outline with very many corners has fewer."""
_GROUPS = re.compile(r"(?<=\d)[ \u00a0\u202f'\u2019](?=\d{3}(?!\d))")
"""What stands between thousands and is neither point nor comma."""


@dataclass(frozen=True, slots=True)
class TableLayout:
    """How a file writes its table.

    Attributes:
        encoding: name of its encoding, as Python knows it.
        separator: what stands between values.
        names: those of the columns, without blanks round them.
        header_line: number of the line in which they end, from 1.
        decimal_comma: whether a comma in a number is its decimal sign.
    """

    encoding: str
    separator: str
    names: tuple[str, ...]
    header_line: int
    decimal_comma: bool

    @property
    def words(self) -> str:
        """What the columns are, for an error."""
        shown = ", ".join(name or "(no name)" for name in self.names[:12])
        if len(self.names) < 2:
            *others, last = _SEPARATORS.values()
            return f"{shown or 'nothing'}, with none of {', '.join(others)} or {last} in it"
        return f"{shown}, separated by {_SEPARATORS.get(self.separator, repr(self.separator))}"


def layout_of(path: Path, known: Sequence[str]) -> TableLayout:
    """Find out how a file writes its table.

    Args:
        path: the file; read once for its encoding, and again where a comma may be a decimal sign.
        known: names of columns that it may have; a name that differs in capitals, in the blanks round it or in blanks
            and hyphens for its underscores is taken as one of these. The separator is the one that finds most of them.

    Raises:
        QueriesError: no text, with the line and the byte where it ends to be one.
        OSError: the file cannot be read.
    """
    encoding = _encoding(path)
    found: list[tuple[int, str, tuple[str, ...], int]] = []
    for separator in _separators(path, encoding):
        line, header = next(records(path, encoding, separator), (1, []))
        names = spelled([name.strip() for name in header], known)
        found.append((sum(name in known for name in names), separator, names, line))
    # The first of several that are as good: max keeps it.
    _, separator, names, line = max(found, key=lambda one: (one[0], len(one[2])))
    decimal_comma = separator != "," and any(
        _DECIMAL_COMMA.fullmatch(value) for _, values in records(path, encoding, separator) for value in values
    )
    return TableLayout(encoding, separator, names, line, decimal_comma)


def spelled(names: Sequence[str], known: Iterable[str]) -> tuple[str, ...]:
    """Return names of columns as they are known: whatever their capitals, with blanks or hyphens for underscores.

    >>> spelled(["Photo", "Click X", "Remark"], ["photo", "click_x"])
    ('photo', 'click_x', 'Remark')
    """
    wanted = {_plain(name): name for name in known if name not in names}
    return tuple(wanted.get(_plain(name), name) for name in names)


def records(path: Path, encoding: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that hold anything, the header first, each with the number of its last line.

    Raises:
        QueriesError: a quotation mark that is not closed, which would swallow the rows after it.
    """
    csv.field_size_limit(_LONGEST_VALUE)
    with _opened(path, encoding) as file:
        # Strict, since rows that a quotation mark swallows are lost without a word.
        reader = csv.reader(file, delimiter=separator, strict=True)
        begun = 1
        try:
            for values in reader:
                line = reader.line_num
                if any(value.strip() for value in values) and not (
                    line == 1 and _SEP_LINE.fullmatch(separator.join(values))
                ):
                    yield line, values
                begun = line + 1
        except csv.Error as error:
            raise QueriesError(
                f"{path}, line {begun}: is no row of a CSV file ({error}); close its quotation marks, or double those"
                " that belong to a text"
            ) from None


def number_of(text: str, *, decimal_comma: bool) -> float:
    """Read a number as spreadsheets write it.

    Args:
        text: the number, perhaps with its thousands apart.
        decimal_comma: whether other numbers of the table have a comma as their decimal sign.

    Raises:
        ValueError: no number, or one that may be meant in two ways, with what it may be.

    >>> number_of("1 070,5", decimal_comma=True), number_of("1.070,5", decimal_comma=True)
    (1070.5, 1070.5)
    >>> number_of("1,070.5", decimal_comma=False), number_of("1070.125", decimal_comma=False)
    (1070.5, 1070.125)
    """
    plain = _GROUPS.sub("", text.strip().replace("\u2212", "-"))
    if "_" in plain:
        # Python's own way to write thousands, and nobody else's.
        raise ValueError("not a number")
    comma, point = plain.rfind(","), plain.rfind(".")
    if comma >= 0 and point >= 0:
        # The last one is the decimal sign.
        group, sign = (".", ",") if comma > point else (",", ".")
        return float(plain.replace(group, "").replace(sign, "."))
    if (comma >= 0 and not decimal_comma) or (point >= 0 and decimal_comma):
        mark = plain[max(comma, point)]
        if re.fullmatch(rf"[+-]?\d{{1,3}}(\{mark}\d{{3}})+", plain):
            raise ValueError(
                f"either {plain.replace(mark, '')} or {plain.replace(mark, '.')}; write it without a mark between"
                " thousands"
            )
    return float(plain.replace(",", "."))


def _opened(path: Path, encoding: str) -> TextIO:
    return path.open(newline="", encoding=encoding)


def _plain(name: str) -> str:
    return re.sub(r"[\s\-_]+", "_", name.strip().casefold())


def _separators(path: Path, encoding: str) -> Sequence[str]:
    with _opened(path, encoding) as file:
        told = _SEP_LINE.fullmatch(file.readline(200))
    return told[1] if told else tuple(_SEPARATORS)


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(4096)
    for begin, what in _NO_TEXT.items():
        if start.startswith(begin):
            raise QueriesError(f"{path}: is {what}, no text; save the table as CSV (UTF-8)")
    for mark, name in _MARKS:
        if start.startswith(mark):
            return _checked(path, name)
    # Without a mark, UTF-16 of mostly Latin text shows by every second byte.
    zeros = (start[0::2].count(0), start[1::2].count(0))
    if max(zeros) > len(start) // 8 and min(zeros) == 0:
        return _checked(path, "utf-16-be" if zeros[0] else "utf-16-le")
    if 0 in start:
        raise QueriesError(f"{path}: holds zeros, so it is no text; save the table as CSV (UTF-8)")
    try:
        return _checked(path, "utf-8")
    except QueriesError:
        return _checked(path, FALLBACK)


def _checked(path: Path, encoding: str) -> str:
    """Return an encoding that the whole file is in; it is read in pieces, however long it is."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    with path.open("rb") as file:
        while True:
            piece = file.read(_CHUNK)
            try:
                line += decoder.decode(piece, final=not piece).count("\n")
            except UnicodeDecodeError as error:
                # Of what the decoder was given, which begins with what it had kept.
                line += error.object[: error.start].count(b"\n")
                byte = f"0x{error.object[error.start]:02x}"
                raise QueriesError(
                    f"{path}, line {line}: the byte {byte} is neither UTF-8 nor Windows-1252; save the table as UTF-8"
                ) from None
            if not piece:
                return encoding
