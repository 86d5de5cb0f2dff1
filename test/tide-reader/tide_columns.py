"""The state of a ring with columns: labels, statuses and numbers, told by LABELS and COLUMNS frames (docs/tide-format.md)."""
import struct

from tide_bytes import NAN, BadBytes, Cursor, chosen_cells
from tide_frames import COLUMNS, LABELS, BadFrame

EMPTY = 255


def number_text(value):
    """A double by its bits, so that no printing of decimals stands between two readers; NaN is `-`."""
    return "-" if value != value else struct.pack(">d", value).hex()


class ColumnState:
    def __init__(self, file, ring):
        self.version = file.major
        self.max_slots = file.max_slots
        self.ring = file.rings[ring]
        self.quanta = [float(column["quantum"]) for column in self.ring["columns"]]
        self.all_rows = self.ring["rows"] == "all"

    def begin(self, block):
        self.base_ns = block.base_ns
        self.labels = {}
        self.statuses = {}
        self.numbers = [{} for _ in self.quanta]
        self.scalars = [NAN] * len(self.ring["scalars"])

    def take(self, frame, number):
        try:
            if frame.kind == LABELS:
                self.take_labels(Cursor(frame.payload))
            elif frame.kind == COLUMNS:
                yield self.take_columns(Cursor(frame.payload), number)
        except BadBytes as error:
            raise BadFrame() from error

    def take_labels(self, cursor):
        while cursor.left():
            slot = cursor.varint()
            if slot >= self.max_slots:
                raise BadBytes(f"slot {slot}")
            label = cursor.bytes(cursor.varint())
            if label:
                self.labels[slot] = label
            else:
                self.labels.pop(slot, None)
                self.statuses.pop(slot, None)
                for column in self.numbers:
                    column.pop(slot, None)

    def high_water(self):
        return max(self.labels, default=-1) + 1

    def take_columns(self, cursor, number):
        start_ns = self.base_ns + cursor.signed()
        end_ns = start_ns + cursor.signed()
        self.scalars = [cursor.token(old, 1.0) for old in self.scalars]
        slots = self.take_rows(cursor)
        if self.version == 1:
            self.take_cells_of_version_1(cursor, slots)
        else:
            self.take_cells(cursor, slots)
        if cursor.left():
            raise BadBytes(f"{cursor.left()} bytes too many")
        shown = sorted(self.labels) if self.all_rows else slots
        self.start_ns, self.end_ns = start_ns, end_ns
        return ("frame", number, str(start_ns), str(end_ns), [number_text(scalar) for scalar in self.scalars],
                [self.row(slot) for slot in shown])

    def take_rows(self, cursor):
        """Reads the statuses; the slots that a cell's index stands for."""
        slots = []
        for slot in cursor.gap_list(self.high_water()):
            self.statuses[slot] = cursor.u8()
            slots.append(slot)
        return range(self.high_water()) if self.all_rows else slots

    def take_cells(self, cursor, slots):
        moved = [slots[index] for index in cursor.gap_list(len(slots))] or slots
        for column in cursor.gap_list(len(self.quanta)):
            for index in chosen_cells(cursor, len(moved)):
                self.take_cell(cursor, column, moved[index])

    def take_cells_of_version_1(self, cursor, slots):
        for column in cursor.gap_list(len(self.quanta)):
            for index in cursor.gap_list(len(slots)):
                self.take_cell(cursor, column, slots[index])

    def take_cell(self, cursor, column, slot):
        old = self.numbers[column].get(slot, NAN)
        self.numbers[column][slot] = cursor.token(old, self.quanta[column])

    def row(self, slot):
        label = self.labels.get(slot, b"").hex()
        numbers = [number_text(column.get(slot, NAN)) for column in self.numbers]
        return [slot, label, self.statuses.get(slot, EMPTY), numbers]
