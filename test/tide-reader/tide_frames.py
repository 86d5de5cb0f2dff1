"""The frames of one ring in their order, with what is damaged and what is missing, from docs/tide-format.md."""
import struct
from zlib import crc32

LABELS, COLUMNS, RECORD, END = 1, 2, 3, 255
FRAMES_FROM = 64


class BadFrame(Exception):
    """A payload that breaks a bound."""


class Frame:
    def __init__(self, block, at, length):
        self.at = at
        self.number, self.kind, self.flags = struct.unpack_from("<IBB", block.data, at + 8)
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
        if frame and frame.flags <= 1:
            return frame
    return None


class RingWalk:
    """Iterates over what decoder.take(frame, number) yields, and ('lost', frames) between; findings go to the file."""

    def __init__(self, file, ring, decoder):
        self.file = file
        self.ring = ring
        self.decoder = decoder
        self.records_only = file.rings[ring]["rows"] == "none"

    def __iter__(self):
        blocks = self.file.ring_blocks(self.ring)
        expected = None
        for place, block in enumerate(blocks):
            if expected is not None and block.first > expected:
                yield ("lost", block.first - expected)
            self.expected = block.first
            self.decoder.begin(block)
            following = blocks[place + 1] if place + 1 < len(blocks) else None
            yield from self.frames_of(block, following)
            expected = self.expected

    def frames_of(self, block, following):
        at = FRAMES_FROM
        while True:
            frame = frame_at(block, at)
            if frame and frame.number == self.expected % 2**32:
                if frame.kind == END:
                    return
                try:
                    yield from self.decoder.take(frame, self.expected)
                except BadFrame:
                    self.file.find(block.start + at, self.ring, block.sequence, "bad-payload")
                    return
                if frame.kind != LABELS:
                    self.expected += 1
                at = frame.next
                continue
            later = frame_beyond(block, at, self.expected)
            if later is None and (following is None or following.first == self.expected):
                return
            self.file.find(block.start + at, self.ring, block.sequence, "bad-frame")
            if later is None or not self.records_only:
                return
            missing = (later.number - self.expected) % 2**32
            if missing:
                yield ("lost", missing)
            self.expected += missing
            at = later.at
