"""The state of a ring with columns: labels, statuses and numbers, told by LABELS, COLUMNS and SNAPSHOT frames
(docs/tide-format.md). Behind damage only those slots are known that were freed or told anew since."""
import struct

from tide_bytes import NAN, BadBytes, Cursor, places
from tide_frames import COLUMNS, FLAG_ALONE, LABELS, BadFrame

EMPTY = 255


def number_text(value):
    """A double by its bits, so that no printing of decimals stands between two readers; NaN is `-`."""
    return "-" if value != value else struct.pack(">d", value).hex()


class ColumnState:
    kind = COLUMNS

    def __init__(self, file, ring):
        self.version = file.major
        self.max_slots = file.max_slots
        self.ring = file.rings[ring]
        self.quanta = [float(column["quantum"]) for column in self.ring["columns"]]
        self.all_rows = self.ring["rows"] == "all"

    def begin(self, block):
        self.base_ns = block.base_ns
        self.clear()

    def clear(self):
        self.known = None
        self.knows_scalars = True
        self.labels = {}
        self.statuses = {}
        self.numbers = [{} for _ in self.quanta]
        self.scalars = [NAN] * len(self.ring["scalars"])

    def forget(self):
        """Frames of the block are missing: every slot and all scalars are unknown."""
        self.clear()
        self.known = set()
        self.knows_scalars = not self.scalars

    def take(self, frame, number):
        try:
            cursor = Cursor(frame.payload)
            if frame.kind == LABELS:
                return self.take_labels(cursor)
            if frame.kind == COLUMNS:
                return self.take_columns(cursor, frame, number)
            return self.take_snapshot(cursor) if self.known is not None else None
        except BadBytes as error:
            raise BadFrame() from error

    def take_labels(self, cursor):
        while cursor.left():
            slot = cursor.varint()
            if slot >= self.max_slots:
                raise BadBytes(f"slot {slot}")
            label = cursor.bytes(cursor.varint())
            if not label:
                self.free(slot)
            elif self.known is None or slot in self.known:
                self.labels[slot] = label

    def free(self, slot):
        if self.known is not None:
            self.known.add(slot)
        self.labels.pop(slot, None)
        self.drop(slot)

    def drop(self, slot):
        self.statuses.pop(slot, None)
        for column in self.numbers:
            column.pop(slot, None)

    def take_snapshot(self, cursor):
        self.clear()
        self.take_labels(Cursor(cursor.bytes(cursor.varint())))
        slots = sorted(self.labels)
        self.scalars = [cursor.token(NAN, 1.0) for _ in self.scalars]
        for slot in slots:
            self.statuses[slot] = cursor.u8()
        for column, quantum in zip(self.numbers, self.quanta):
            for slot in slots:
                column[slot] = cursor.token(NAN, quantum)
        if cursor.left():
            raise BadBytes(f"{cursor.left()} bytes too many")

    def limit(self, frame):
        """Slots are below this."""
        if self.known is None:
            return max(self.labels, default=-1) + 1
        return frame.high_water if self.all_rows else self.max_slots

    def take_columns(self, cursor, frame, number):
        limit = self.limit(frame)
        if self.known is not None and self.all_rows and limit == 0:
            return None
        self.start_ns = self.base_ns + cursor.signed()
        self.end_ns = self.start_ns + cursor.signed()
        is_alone = frame.flags & FLAG_ALONE
        self.scalars = [cursor.token(NAN if is_alone else old, 1.0) for old in self.scalars]
        self.knows_scalars = self.knows_scalars or bool(is_alone)
        slots = self.take_rows(cursor, limit)
        is_taken = (self.take_cells_of_version_1 if self.version == 1 else self.take_cells)(cursor, slots)
        if is_taken and cursor.left():
            raise BadBytes(f"{cursor.left()} bytes too many")
        if self.known is not None:
            for slot in slots:
                if slot not in self.labels:
                    self.drop(slot)
        if not self.knows_scalars:
            self.scalars = [NAN] * len(self.scalars)
        if not self.knows_scalars or not is_taken:
            return None
        shown = sorted(self.labels) if self.all_rows else [slot for slot in slots if slot in self.labels or self.known is None]
        scalars = [number_text(scalar) for scalar in self.scalars]
        return [("frame", number, str(self.start_ns), str(self.end_ns), scalars, [self.row(slot) for slot in shown])]

    def take_rows(self, cursor, limit):
        """Reads the statuses; the slots that a cell's index stands for."""
        slots = []
        for slot in cursor.gap_list(limit):
            self.statuses[slot] = cursor.u8()
            slots.append(slot)
        return range(limit) if self.all_rows else slots

    def take_cells(self, cursor, slots):
        """False if they are told against rows that are not known."""
        if self.version == 2:
            moved = list(places(cursor, len(slots), 2)) or range(len(slots))
        else:
            form = cursor.u8()
            if form == 4 and self.version > 3:
                return self.take_key_rows(cursor, sorted(self.labels) if self.all_rows else slots)
            moved = list(places(cursor, len(slots), form))
        for column in cursor.gap_list(len(self.quanta)):
            for index in places(cursor, len(moved)):
                self.take_cell(cursor, column, slots[moved[index]])
        return True

    def take_key_rows(self, cursor, slots):
        if self.known is not None:
            return False
        for column in cursor.gap_list(len(self.quanta)):
            above = NAN
            done = 0
            for row in places(cursor, len(slots)):
                for slot in slots[done:row]:
                    self.numbers[column][slot] = above
                above = cursor.token(above, self.quanta[column])
                self.numbers[column][slots[row]] = above
                done = row + 1
            for slot in slots[done:]:
                self.numbers[column][slot] = above
        return True

    def take_cells_of_version_1(self, cursor, slots):
        for column in cursor.gap_list(len(self.quanta)):
            for index in cursor.gap_list(len(slots)):
                self.take_cell(cursor, column, slots[index])
        return True

    def take_cell(self, cursor, column, slot):
        old = self.numbers[column].get(slot, NAN)
        self.numbers[column][slot] = cursor.token(old, self.quanta[column])

    def row(self, slot):
        label = self.labels.get(slot, b"").hex()
        numbers = [number_text(column.get(slot, NAN)) for column in self.numbers]
        return [slot, label, self.statuses.get(slot, EMPTY), numbers]
