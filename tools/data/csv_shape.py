"""Find out how a delimited text file is written: encoding, line ends, delimiter, quoting, header, decimal comma."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opsmith.tools.contract import ToolError

# what a packed file that is cut off or damaged raises while it is read
DAMAGED = (OSError, EOFError, zlib.error)
SAMPLE = 512 * 1024  # bytes looked at
_DELIMITERS = ",;\t|"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NUMBER = re.compile(r"[-+]?(?:\d+(?:[.,]\d+)*|[.,]\d+)(?:e[-+]?\d+)?%?", re.IGNORECASE)


@dataclass(frozen=True)
class CsvShape:
    """How the file is written. `rewrite` says that DuckDB needs a UTF-8 copy with plain line ends."""

    encoding: str
    delimiter: str
    quoted: bool
    header: bool
    decimal: str
    columns: int
    rewrite: bool
    multiline: bool = False  # quoted cells with line ends in the part looked at
    longest: int = 0  # letters of the longest line in the part looked at

    def notes(self) -> tuple[str, ...]:
        """What was found, where it is not the usual."""
        told = []
        if self.encoding != "utf-8":
            told.append(f"encoding {'UTF-8 with BOM' if self.encoding == 'utf-8-sig' else self.encoding}")
        if self.delimiter != ",":
            told.append(f"delimiter {'tab' if self.delimiter == chr(9) else self.delimiter}")
        if self.decimal == ",":
            told.append("decimal comma")
        if not self.quoted:
            told.append("quotes are part of the text")
        if not self.header:
            told.append("no header line; columns are named column0, column1, …")
        return tuple(told)


def open_bytes(path: Path) -> io.BufferedIOBase:
    """The file's bytes, unpacked when it is gzip or zstandard. Raises ToolError for a file that is none."""
    name = path.name.lower()
    if name.endswith(".gz"):
        return gzip.open(path, "rb")  # type: ignore[return-value]
    if name.endswith(".zst"):
        return _zstandard(path)
    return path.open("rb")


def _zstandard(path: Path) -> io.BufferedIOBase:
    """A zstandard file unpacked; its errors become those of any file."""
    try:
        import zstandard
    except ImportError:
        raise ToolError(f"{path.name} is packed with zstandard: pip install zstandard, or unpack it first.") from None

    class Unpacked(io.RawIOBase):
        def __init__(self) -> None:
            self.inner = zstandard.open(path, "rb")

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            try:
                read = self.inner.read(len(buffer))
            except zstandard.ZstdError as error:
                raise OSError(str(error)) from None
            buffer[: len(read)] = read
            return len(read)

        def close(self) -> None:
            self.inner.close()
            super().close()

    return io.BufferedReader(Unpacked())


def shape_of(path: Path, shown: str) -> CsvShape:
    """How a file is written, from its first 512 kB. ToolError when it is no text."""
    try:
        with open_bytes(path) as file:
            raw = file.read(SAMPLE)
    except (*DAMAGED, ValueError) as error:
        raise ToolError(
            f"{shown} cannot be unpacked ({_short(error)}). It looks cut off or is not what its name says."
        ) from None
    if not raw.strip():
        raise ToolError(f"{shown} holds nothing but white space, so there is no table in it.")
    encoding = _encoding(raw, shown)
    text = raw.decode(encoding, errors="replace")
    rewrite = (
        encoding not in ("utf-8",)
        or "\x00" in text
        or ("\r" in text and "\n" not in text)
        or "\x85" in text
        or not path.suffix
    )
    rewrite = rewrite or path.name.lower().endswith(".zst")
    text = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
    complete = text if len(raw) < SAMPLE else text[: text.rfind("\n") + 1] or text
    delimiter, quoted, rows = _delimiter(complete)
    width = Counter(len(r) for r in rows).most_common(1)[0][0] if rows else 1
    header = _has_header(rows)
    multiline = any("\n" in cell for row in rows for cell in row)
    longest = max(map(len, complete.split("\n")), default=0)
    return CsvShape(encoding, delimiter, quoted, header, _decimal(rows, delimiter), width, rewrite, multiline, longest)


def as_utf8(path: Path, shape: CsvShape, target: Path) -> None:
    """Write a UTF-8 copy with plain line ends and without NUL characters, streaming."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    lone_returns = None
    with open_bytes(path) as file, part.open("w", encoding="utf-8", newline="") as out:
        reader = io.TextIOWrapper(file, encoding=shape.encoding, errors="replace", newline="")  # type: ignore[type-var]
        while block := reader.read(1 << 20):
            if lone_returns is None:
                lone_returns = "\r" in block and "\n" not in block
            block = block.replace("\x00", "")
            out.write(block.replace("\r", "\n") if lone_returns else block)
    part.replace(target)


def as_plain_csv(path: Path, shape: CsvShape, target: Path) -> tuple[int, int, int]:
    """Write a comma-separated copy in which every cell is quoted, parsed by Python's forgiving reader.

    Returns the number of rows, how many had not as many fields as most, and how many cells are filled. Shorter rows are
    filled up, longer ones keep their extra fields in the last column, so that nothing is lost.
    """
    odd = rows = filled = 0
    quoting = csv.QUOTE_MINIMAL if shape.quoted else csv.QUOTE_NONE
    csv.field_size_limit(1 << 30)
    with open_bytes(path) as file, target.open("w", encoding="utf-8", newline="") as out:
        text = io.TextIOWrapper(file, encoding=shape.encoding, errors="replace", newline="")  # type: ignore[type-var]
        lines = (line.replace("\x00", "") for line in text)
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for row in csv.reader(lines, delimiter=shape.delimiter, quoting=quoting):  # type: ignore[arg-type]
            if not row:
                continue
            rows += 1
            if len(row) != shape.columns:
                odd += 1
                row = row + [""] * (shape.columns - len(row))
                row = [*row[: shape.columns - 1], shape.delimiter.join(row[shape.columns - 1 :])]
            if rows > int(shape.header):
                filled += sum(map(bool, row))
            writer.writerow(row)
    return rows - int(shape.header), odd, filled


def _encoding(raw: bytes, shown: str) -> str:
    for bom, name in _BOMS:
        if raw.startswith(bom):
            return name
    if raw[:4] in (b"PK\x03\x04", b"\x89PNG", b"%PDF", b"PAR1", b"\x7fELF", b"GIF8") or raw[:3] == b"\xff\xd8\xff":
        raise ToolError(
            f"{shown} is a binary file, not a table in text. Name the table inside of it, or export it as CSV."
        )
    if raw.count(b"\x00") > len(raw) * 0.2:
        return "utf-16-le" if raw[1::2].count(0) >= raw[::2].count(0) else "utf-16-be"
    control = sum(1 for b in raw[:65536] if 0 < b < 9 or 13 < b < 32)
    if control > 0.02 * len(raw[:65536]):
        raise ToolError(f"{shown} is a binary file, not a table in text. Export it as CSV or Parquet.")
    for cut in range(4):  # the sample may end inside a character
        try:
            raw[: len(raw) - cut].decode("utf-8")
            return "utf-8"
        except UnicodeDecodeError:
            continue
    return "windows-1252" if not any(b in raw for b in (0x81, 0x8D, 0x8F, 0x90, 0x9D)) else "latin-1"


def _parse(text: str, delimiter: str, quoted: bool) -> list[list[str]]:
    quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    rows: list[list[str]] = []
    csv.field_size_limit(1 << 30)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting):  # type: ignore[arg-type]
            if row:
                rows.append(row)
            if len(rows) == 6000:
                break
    except csv.Error:
        pass
    return rows


def _delimiter(text: str) -> tuple[str, bool, list[list[str]]]:
    """The delimiter and quoting under which the rows agree most about how many fields they have."""
    best: tuple[float, str, bool, list[list[str]]] = (-1.0, ",", True, _parse(text, ",", True))
    for delimiter in _DELIMITERS:
        for quoted in (True, False):
            rows = _parse(text, delimiter, quoted)
            if not rows:
                continue
            counts = Counter(len(r) for r in rows)
            width, often = counts.most_common(1)[0]
            if width < 2:
                continue
            multiline = sum("\n" in cell for r in rows[:200] for cell in r)
            agree = often / len(rows)
            swallowed = any(  # a quote that never closed has swallowed whole rows
                line.count(delimiter) >= width - 1
                for r in rows
                for c in r
                if "\n" in c
                for line in c.split("\n")[1:-1] or [""]
            )
            score = agree + min(width, 20) * 0.004 + (0.02 if quoted else 0.0) - (0.5 if swallowed else 0.0)
            if not quoted and any(c.startswith('"') and c.endswith('"') for r in rows[:50] for c in r if len(c) > 1):
                score -= 0.3
            if quoted and multiline > len(rows) * 0.2 and text.count('"') % 2:
                score -= 0.4
            if score > best[0]:
                best = (score, delimiter, quoted, rows)
    if best[0] < 0:
        return ",", True, _parse(text, ",", True)
    return best[1], best[2], best[3]


def _has_header(rows: list[list[str]]) -> bool:
    """Whether the first row names the columns: no numbers in it, no long sentences, unlike the rows below."""
    if not rows:
        return True
    first, below = rows[0], rows[1:101]
    cells = [c.strip() for c in first]
    if any(_NUMBER.fullmatch(c) for c in cells if c):
        years = all(re.fullmatch(r"(19|20)\d\d|column\d+|\d+", c) for c in cells if _NUMBER.fullmatch(c))
        return (
            years
            and len(cells) > 2
            and sum(bool(_NUMBER.fullmatch(c)) for c in cells) < len(cells)
            and len(set(cells)) == len(cells)
            and not _like_below(cells, below)
        )
    if any(len(c) > 80 for c in cells):
        return False
    if not below:
        return True
    return not (len(cells) == 2 and len(cells[0].split()) > 6)


def _like_below(cells: list[str], below: list[list[str]]) -> bool:
    """Whether number cells of the first row stand over number columns, so that it is a row of data."""
    for position, cell in enumerate(cells):
        if _NUMBER.fullmatch(cell):
            column = [r[position].strip() for r in below if len(r) > position and r[position].strip()]
            if column and sum(bool(_NUMBER.fullmatch(c)) for c in column) > 0.8 * len(column):
                return True
    return False


def _decimal(rows: list[list[str]], delimiter: str) -> str:
    if delimiter == ",":
        return "."
    cells = [c.strip() for r in rows[1:] for c in r if c.strip()]
    commas = sum(bool(re.fullmatch(r"[-+]?\d+,\d+", c)) for c in cells)
    points = sum(bool(re.fullmatch(r"[-+]?\d+\.\d+", c)) for c in cells)
    return "," if commas > points and commas > 0.02 * len(cells) else "."


def _short(error: BaseException) -> str:
    return str(error).splitlines()[0][:80] if str(error) else type(error).__name__
