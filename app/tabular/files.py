"""Reading a CSV file row by row, from any row on, in whatever size: never more than one in memory.

A row is found again by its offset in bytes: so an import that was broken off goes on exactly where
it stopped.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from app.crypto import keyring
from app.tabular.columns import CannotImport, File, Header, understood
from app.tabular.values import clean

LONGEST = csv.field_size_limit()
"""Characters of one value. One that is longer is a quotation mark that nobody closed."""
_PIECE = 1 << 20
_SAMPLE = 65_536


@dataclass(frozen=True)
class Row:
    """One row. `values` by our names; without what nobody knows, and without what is empty."""

    at: int
    """Offset of its first byte."""
    line: int
    end: int
    """Offset behind its last byte."""
    end_line: int
    """Lines that lie before `end`."""
    cells: list[str]
    values: dict[str, str]
    fault: str | None = None
    """Why it is no row."""

    @property
    def id(self) -> str:
        """Its own id in the old system; may be empty."""
        return self.values.get("id", "")

    @property
    def digest(self) -> bytes:
        """Keyed, since what it is made of could be guessed. The order of columns does not count."""
        return keyring.hash(
            "import:" + "\x1f".join(f"{n}={v}" for n, v in sorted(self.values.items()))
        )


class Export:
    """One file, open for reading."""

    def __init__(self, folder: Path, file: File, encoding: str) -> None:
        """Open it and read its first line. Raises CannotImport."""
        self.file, self.path, self.encoding = file, folder / file.name, _checked(encoding)
        try:
            self.size = self.path.stat().st_size
            self._input: BinaryIO = self.path.open("rb")
        except OSError as error:
            raise CannotImport(f"{file.name} cannot be read: {error.strerror}.") from error
        try:
            self._begin()
        except BaseException:
            self._input.close()
            raise

    def _begin(self) -> None:
        name = self.file.name
        start = self._input.read(_SAMPLE)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise CannotImport(f"{name} is UTF-16: save it as UTF-8.")
        self._bom = len(codecs.BOM_UTF8) if start.startswith(codecs.BOM_UTF8) else 0
        self.delimiter = max(",;\t", key=start.lstrip().partition(b"\n")[0].decode("latin-1").count)
        self.header, self.first, self.first_line = self._head()

    def close(self) -> None:
        """Nothing more is read."""
        self._input.close()

    def digest(self) -> str:
        """Of the whole file: the same file has the same."""
        found = hashlib.sha256()
        self._input.seek(0)
        while piece := self._input.read(_PIECE):
            found.update(piece)
        return found.hexdigest()

    def rows(self, at: int | None = None, line: int | None = None) -> Iterator[Row]:
        """The rows from an offset on, or all. Raises CannotImport where a text is not readable."""
        at = self.first if at is None else at
        before = (self.first_line if line is None else line) or 0
        for cells, fault, start, end, first, last in self._records(at, before):
            if cells or fault:
                yield self._row(cells, fault, (start, first, end, last))

    def row_at(self, at: int, line: int) -> Row:
        """One row again."""
        return next(self.rows(at, line - 1))

    def _row(self, cells: list[str], fault: str | None, place: tuple[int, int, int, int]) -> Row:
        meant = self.header.meant
        if fault is None and len(cells) != len(meant):
            fault = f"The row has {len(cells)} values, the first line has {len(meant)} names."
        pairs = zip(meant, cells, strict=False)
        values = {name: text for name, cell in pairs if name and (text := clean(cell))}
        start, first, end, last = place
        return Row(start, first, end, last, cells, {} if fault else values, fault)

    def _head(self) -> tuple[Header, int, int]:
        for cells, fault, _, end, _, last in self._records(self._bom, 0):
            if fault:
                raise CannotImport(f"{self.file.name}: the first line cannot be read.")
            if any(cell.strip() for cell in cells):
                return understood(self.file, cells), end, last
        raise CannotImport(f"{self.file.name} is empty: its first line must name the columns.")

    def _records(
        self, at: int, line: int
    ) -> Iterator[tuple[list[str], str | None, int, int, int, int]]:
        """Cells, fault, and where each begins and ends: in bytes, and in lines."""
        source = _Lines(self._input, at, line, self.encoding, self.file.name)
        reader = csv.reader(source, delimiter=self.delimiter)
        while True:
            start, first = source.at, source.line + 1
            cells: list[str] = []
            fault = None
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                fault = f"A value is longer than {LONGEST:,} characters: is a quotation mark open?"
            yield cells, fault, start, source.at, first, source.line


class _Lines:
    """The lines of a file as text; knows where it stands, also while others read in it."""

    def __init__(self, source: BinaryIO, at: int, line: int, encoding: str, name: str) -> None:
        self.at, self.line = at, line
        self._source, self._encoding, self._name = source, encoding, name

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._source.tell() != self.at:
            self._source.seek(self.at)
        data = self._source.readline(_PIECE)
        if not data:
            raise StopIteration
        self.at += len(data)
        self.line += data.endswith(b"\n")
        try:
            return data.decode(self._encoding)
        except UnicodeDecodeError as error:
            where = f"{self._name}, line {self.line}"
            say = f"{where}: this is not {self._encoding}. Say what it is: --encoding cp1252"
            raise CannotImport(say) from error


def _checked(encoding: str) -> str:
    """An encoding in which a line ends with the byte of a line's end. Raises CannotImport."""
    try:
        if '\n,"aZ'.encode(encoding) == b'\n,"aZ':
            return encoding
    except LookupError:
        raise CannotImport(f"Nobody knows the encoding {encoding}.") from None
    raise CannotImport(f"Files in {encoding} cannot be read: save them as UTF-8.")
