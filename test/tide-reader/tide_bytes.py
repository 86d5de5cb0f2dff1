"""Numbers out of bytes, as docs/tide-format.md defines them. Whatever leaves its bounds raises BadBytes: a payload may be
anything, and nothing here trusts a length that it read."""
import math
import struct

NAN = math.nan
LARGEST = 2**53 - 1


class BadBytes(Exception):
    """The payload breaks a bound."""


class Cursor:
    def __init__(self, data, at=0, end=None):
        self.data = data
        self.at = at
        self.end = len(data) if end is None else end

    def left(self):
        return self.end - self.at

    def bytes(self, count):
        if count > self.left():
            raise BadBytes(f"{count} bytes asked at {self.at}, {self.left()} left")
        self.at += count
        return bytes(self.data[self.at - count : self.at])

    def u8(self):
        return self.bytes(1)[0]

    def fields(self, layout):
        return struct.unpack("<" + layout, self.bytes(struct.calcsize("<" + layout)))

    def varint(self):
        value = 0
        for index in range(8):
            byte = self.u8()
            value |= (byte & 127) << (7 * index)
            if byte < 128:
                if value > LARGEST:
                    raise BadBytes(f"varint of {value}")
                return value
        raise BadBytes("varint of more than 8 bytes")

    def signed(self):
        return unzigzag(self.varint())

    def token(self, old, quantum):
        """The new value that a token tells, given the old one."""
        token = self.varint()
        if token == 0:
            return NAN
        if token == 1:
            return self.fields("d")[0]
        return (0.0 if math.isnan(old) else old) + float(unzigzag(token - 2)) * quantum

    def gap_list(self, limit):
        """Indices of a gap list, each yielded with its entry still to be read."""
        index = -1
        while True:
            gap = self.varint()
            if gap == 0:
                return
            index += gap
            if index >= limit:
                raise BadBytes(f"index {index} of {limit}")
            yield index


def unzigzag(value):
    return value >> 1 if value % 2 == 0 else -((value + 1) >> 1)


def places(cursor, count, form=None):
    """Which of `count` things are meant, by one of the four forms; what belongs to each is read between."""
    form = cursor.u8() if form is None else form
    if form == 0:
        yield from range(count)
    elif form == 1:
        bits = cursor.bytes((count + 7) // 8)
        for index in range(count):
            if bits[index // 8] >> (index % 8) & 1:
                yield index
    elif form == 2:
        yield from cursor.gap_list(count)
    elif form == 3:
        place = -1
        for byte in cursor.bytes(cursor.varint()):
            for half in (byte & 15, byte >> 4):
                place += half or 15
                if half and place >= count:
                    raise BadBytes(f"place {place} of {count}")
                if half:
                    yield place
    else:
        raise BadBytes(f"form {form} of places")
