"""The number of rows from the footer of a Parquet file: the little of Thrift's compact protocol that it takes.

Source:
    https://github.com/apache/parquet-format, `FileMetaData`, whose third field is `num_rows`.
"""

from pathlib import Path

__all__ = ["parquet_rows"]

MAGIC = b"PAR1"
TAIL_BYTES = 8
NUM_ROWS = 3
STOP, BYTE, DOUBLE, BINARY, STRUCT = 0, 3, 7, 8, 12
BOOLEANS, VARINTS, LISTS = (1, 2), (4, 5, 6), (9, 10)
DEEPEST = 16
LONGEST_SHIFT = 63


def parquet_rows(path: Path) -> int:
    """How many rows a Parquet file says it has.

    Raises:
        ValueError: When it is none.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        if size < 2 * TAIL_BYTES:
            raise ValueError("a file that is too short for Parquet")
        file.seek(-TAIL_BYTES, 2)
        tail = file.read(TAIL_BYTES)
        length = int.from_bytes(tail[:4], "little")
        if tail[4:] != MAGIC or length > size - TAIL_BYTES:
            raise ValueError("a file that does not end as Parquet does")
        file.seek(-TAIL_BYTES - length, 2)
        return _Footer(file.read(length)).rows()


class _Footer:
    """Reads forward through the bytes of a struct in the compact protocol."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._place = 0

    def rows(self) -> int:
        """The field `num_rows` of the outermost struct."""
        field = 0
        try:
            while (head := self._byte()) != STOP:
                field = field + (head >> 4) if head >> 4 else self._zigzag()
                if field == NUM_ROWS:
                    return self._zigzag()
                self._skip(head & 15, DEEPEST)
        except IndexError as error:
            raise ValueError("a footer that ends too early") from error
        raise ValueError("a footer without a number of rows")

    def _byte(self) -> int:
        self._place += 1
        return self._content[self._place - 1]

    def _pass(self, size: int) -> None:
        self._place += size
        if self._place > len(self._content):
            raise IndexError

    def _varint(self) -> int:
        value = shift = 0
        while (byte := self._byte()) & 128:
            value |= (byte & 127) << shift
            shift += 7
            if shift > LONGEST_SHIFT:
                raise ValueError("a footer with a number of more than 64 bits")
        return value | byte << shift

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def _skip(self, kind: int, depth: int) -> None:
        if depth == 0:
            raise ValueError("a footer that is nested too deeply")
        if kind in VARINTS:
            self._varint()
        elif kind == BINARY:
            self._pass(self._varint())
        elif kind in LISTS:
            self._skip_list(depth)
        elif kind == STRUCT:
            while (head := self._byte()) != STOP:
                if not head >> 4:
                    self._zigzag()
                self._skip(head & 15, depth - 1)
        elif kind in (BYTE, DOUBLE):
            self._pass(1 if kind == BYTE else 8)
        elif kind not in BOOLEANS:
            raise ValueError(f"a footer with a field of the unknown kind {kind}")

    def _skip_list(self, depth: int) -> None:
        head = self._byte()
        count, kind = head >> 4, head & 15
        if count == 15:
            count = self._varint()
        for _ in range(count):
            if kind in BOOLEANS:
                self._byte()
            else:
                self._skip(kind, depth - 1)
