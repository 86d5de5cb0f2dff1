"""Rings of records: events as they are, and the mappings of processes in both of their types (docs/tide-format.md)."""
import struct
import zlib

from tide_bytes import BadBytes, Cursor, places
from tide_columns import number_text
from tide_frames import RECORD, BadFrame

SIZES = (
    "size kernelPageSize mmuPageSize rss pss pssDirty pssAnon pssFile pssShmem sharedClean sharedDirty privateClean"
    " privateDirty referenced anonymous ksm lazyFree anonHugePages shmemPmdMapped filePmdMapped sharedHugetlb"
    " privateHugetlb swap swapPss locked thpEligible protectionKey"
).split()
BYTE_SIZES = set(SIZES) - {"thpEligible", "protectionKey"}
NO_FLAGS = b"\0"
LARGEST_ROWS = 2**17
NAN_TEXT = "-"


class Records:
    """Records one by one; each is a line of its own."""

    kind = RECORD

    def begin(self, block):
        pass

    def forget(self):
        pass

    def take(self, frame, number):
        if len(frame.payload) < 10:
            raise BadFrame()
        time_ns, kind = struct.unpack_from("<qH", frame.payload)
        return self.record(number, time_ns, kind, frame.payload[10:])

    def record(self, number, time_ns, kind, payload):
        return [("record", number, str(time_ns), kind, payload.hex())]


class Mappings(Records):
    def __init__(self, file):
        self.columns = file.metadata.get("mappingColumns", [])
        self.place = {name: index for index, name in enumerate(self.columns)}
        self.quanta = [1024.0 if name in BYTE_SIZES else 1.0 for name in self.columns]
        self.page_size = file.metadata["host"]["pageSize"]

    def begin(self, block):
        self.records = {}
        self.strings = {}
        self.string_count = 0

    def record(self, number, time_ns, kind, payload):
        try:
            told = {1: self.whole, 2: self.differences}.get(kind, lambda _: None)(Cursor(payload))
        except (BadBytes, KeyError, zlib.error):
            return [("unusable",)]
        return [("mappings", str(time_ns), *told)] if told else []

    def differences(self, cursor):
        own, base = cursor.varint(), cursor.varint()
        pid, start_ticks, tick = cursor.varint(), cursor.varint(), cursor.varint()
        status, hold_ns = cursor.u8(), cursor.varint()
        self.take_strings(cursor)
        old = self.records[base] if base else None
        rows = cursor.varint()
        if rows > LARGEST_ROWS:
            raise BadBytes(f"{rows} rows")
        table = self.table_of(cursor, rows, self.continued(cursor, rows, old), old)
        if cursor.left():
            raise BadBytes("bytes too many")
        self.records[own] = table
        return (pid, start_ticks, tick, status, hold_ns, 0, 1, self.rows_of(table, rows))

    def take_strings(self, cursor):
        before = cursor.varint()
        if before < self.string_count:
            raise BadBytes("strings that go backwards")
        count = cursor.varint()
        for index in range(before, before + count):
            self.strings[index] = cursor.bytes(cursor.varint())
        self.string_count = before + count

    def continued(self, cursor, rows, old):
        """For each row the row of the old record that it continues, or None where it was inserted."""
        if old is None:
            return [None] * rows
        continued, old_rows, at = [], len(old[0]), 0
        while at < old_rows or len(continued) < rows:
            kept, dropped, inserted = cursor.varint(), cursor.varint(), cursor.varint()
            if at + kept + dropped > old_rows or len(continued) + kept + inserted > rows or kept + dropped + inserted == 0:
                raise BadBytes("rows that do not come out even")
            continued += range(at, at + kept)
            continued += [None] * inserted
            at += kept + dropped
        return continued

    def table_of(self, cursor, rows, continued, old):
        table = []
        for column in cursor.gap_list(len(self.columns)):
            while len(table) < column:
                table.append(self.column_of(None, rows, continued, old, len(table)))
            table.append(self.column_of(cursor, rows, continued, old, column))
        while len(table) < len(self.columns):
            table.append(self.column_of(None, rows, continued, old, len(table)))
        return table

    def column_of(self, cursor, rows, continued, old, column):
        values = []

        def before():
            row = len(values)
            if continued[row] is not None:
                return old[column][continued[row]]
            return values[row - 1] if row else 0.0

        for row in places(cursor, rows) if cursor else ():
            while len(values) < row:
                values.append(before())
            values.append(cursor.token(before(), self.quanta[column]))
        while len(values) < rows:
            values.append(before())
        return values

    def rows_of(self, table, rows):
        told = []
        end = 0
        for row in range(rows):
            at = {name: table[index][row] for name, index in self.place.items()}
            start = end + int(at["gap"])
            end = start + int(at["pages"])
            name, flags = self.strings[at["name"]], self.strings[at["flags"]]
            told.append([*(str(pages * self.page_size) for pages in (start, end, int(at["offset"]))), str(int(at["inode"])),
                         int(at["deviceMajor"]), int(at["deviceMinor"]), int(at["perms"]), name.hex(),
                         "none" if flags == NO_FLAGS else flags.hex(),
                         [number_text(at[size]) if size in at else NAN_TEXT for size in SIZES]])
        return told

    def whole(self, cursor):
        pid, start_ticks, tick, status, _, part, parts, hold_ns, rows, body_bytes = cursor.fields("IQIBBHHQII")
        inflated = zlib.decompressobj(-15).decompress(cursor.bytes(cursor.left()), body_bytes)
        body = Cursor(inflated)
        start, end, offset, inode = (body.fields(f"{rows}Q") for _ in range(4))
        sizes = [body.fields(f"{rows}d") for _ in SIZES]
        major, minor, name_bytes, flag_bytes = (body.fields(f"{rows}I") for _ in range(4))
        perms = body.fields(f"{rows}B")
        told = []
        for row in range(rows):
            name = body.bytes(name_bytes[row])
            flags = "none" if flag_bytes[row] == 2**32 - 1 else body.bytes(flag_bytes[row]).hex()
            told.append([str(start[row]), str(end[row]), str(offset[row]), str(inode[row]), major[row], minor[row], perms[row],
                         name.hex(), flags, [number_text(column[row]) for column in sizes]])
        return (pid, start_ticks, tick, status, hold_ns, part, parts, told)
