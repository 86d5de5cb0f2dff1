"""The frames of one ring in their order, with what is damaged and what is missing, from docs/tide-format.md."""
import struct
from zlib import crc32

LABELS, COLUMNS, RECORD, SNAPSHOT, END = 1, 2, 3, 4, 255
UNCOUNTED = (LABELS, SNAPSHOT, END)
FLAG_ALONE = 2
FLAGS_KNOWN = 3
FRAMES_FROM = 64


class BadFrame(Exception):
    """A payload that breaks a bound."""


class Frame:
    def __init__(self, block, at, length):
        self.at = at
        self.number, self.kind, self.flags, self.high_water = struct.unpack_from("<IBBH", block.data, at + 8)
        self.payload = bytes(block.data[at + 16 : at + length])
        self.next = at + (length + 7) // 8 * 8


def frame_at(block, at):
    """The frame at that place if its length fits and its checksum is right."""
    if at + 16 > len(block.data):
        return None
    length, stored = struct.unpack_from("<II", block.data, at)
    if length < 16 or at + length > len(block.data):
        return None
    if crc32(bytes(block.data[at + 8 : at + length]), block.frame_seed) != stored:
        return None
    return Frame(block, at, length)


def frame_beyond(block, at, expected):
    """The next valid frame of the block behind that place whose number can stand there."""
    for place in range(at + 8, len(block.data) - 15, 8):
        (number,) = struct.unpack_from("<I", block.data, place + 8)
        if (number - expected) % 2**32 > (place - at) // 16:
            continue
        frame = frame_at(block, place)
        if frame and frame.flags <= FLAGS_KNOWN:
            return frame
    return None


class RingWalk:
    """Iterates over the lines that decoder.take(frame, number) returns, None for a frame that is lost since others are, and
    ('lost', frames) between; findings go to the file."""

    def __init__(self, file, ring, decoder):
        self.file = file
        self.ring = ring
        self.decoder = decoder
        # From version 3 on all rings go on behind damage inside a block.
        self.goes_on = file.major > 2 or file.rings[ring]["rows"] == "none"
        # The number of the next frame, and of the one after the last that was not lost.
        self.expected = self.due = None

    def __iter__(self):
        blocks = self.file.ring_blocks(self.ring)
        for block, following in zip(blocks, [*blocks[1:], None]):
            yield from self.lost_before(block.first)
            self.expected = self.due = block.first
            self.decoder.begin(block)
            yield from self.frames_of(block, following)
        yield from self.lost_before(self.expected)

    def lost_before(self, number):
        if self.due is not None and number > self.due:
            yield ("lost", number - self.due)

    def frames_of(self, block, following):
        at = FRAMES_FROM
        while True:
            frame = frame_at(block, at)
            if frame and frame.number == self.expected % 2**32:
                if frame.kind == END:
                    return
                try:
                    yield from self.take(frame)
                except BadFrame:
                    self.file.find(block.start + at, self.ring, block.sequence, "bad-payload")
                    return
                at = frame.next
                continue
            later = frame_beyond(block, at, self.expected)
            if later is None and (following is None or following.first == self.expected):
                return
            self.file.find(block.start + at, self.ring, block.sequence, "bad-frame")
            if later is None or not self.goes_on:
                return
            self.expected += (later.number - self.expected) % 2**32
            self.decoder.forget()
            at = later.at

    def take(self, frame):
        number = self.expected
        if frame.kind not in UNCOUNTED:
            self.expected += 1
        if frame.kind in (LABELS, SNAPSHOT):
            self.decoder.take(frame, number)
        elif frame.kind != self.decoder.kind:
            self.due = self.expected
        else:
            lines = self.decoder.take(frame, number)
            if lines is not None:
                yield from self.lost_before(number)
                self.due = self.expected
                yield from lines
