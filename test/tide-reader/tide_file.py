"""The header region and the block headers of a .tide file, from docs/tide-format.md. A file is read whole into memory: this
reader is for what lies still, and a live file would need each finding looked at twice."""
import json
import struct
from zlib import crc32

LARGEST = 2**53 - 1


class Refused(Exception):
    """Not a file that this reader can read at all."""


class Block:
    def __init__(self, start, data, file_seed):
        self.start = start
        self.data = data
        self.sequence, self.ring, _, self.first, self.base_ns = struct.unpack_from("<QIIQq", data, 8)
        self.frame_seed = crc32(bytes(data[8:20]), file_seed)


class TideFile:
    def __init__(self, data):
        self.data = memoryview(data)
        self.findings = {}
        self._read_header()
        self._read_blocks()

    def find(self, offset, ring, sequence, reason):
        self.findings[offset] = [offset, ring, sequence, reason]

    def _read_header(self):
        if len(self.data) < 64 or bytes(self.data[:8]) != b"TIDEMARK":
            raise Refused("not-a-ring")
        self.major, _, self.header_bytes, self.block_bytes, self.block_count = struct.unpack_from("<HHIII", self.data, 8)
        (metadata_bytes,) = struct.unpack_from("<I", self.data, 40)
        (stored,) = struct.unpack_from("<I", self.data, 60)
        if (
            self.major < 1
            or self.block_bytes not in [2**power for power in range(16, 27)]
            or self.header_bytes not in range(16384, 2**24 + 1, 4096)
            or metadata_bytes > self.header_bytes - 64 - 16
        ):
            raise Refused("damaged-header")
        metadata = bytes(self.data[64 : 64 + metadata_bytes])
        if len(metadata) < metadata_bytes or crc32(metadata, crc32(bytes(self.data[:60]))) != stored:
            raise Refused("damaged-header")
        self.file_id = bytes(self.data[24:40])
        self.seed = crc32(self.file_id)
        described = json.loads(metadata)
        self.max_slots = described.get("maxSlots")
        self.rings = described["rings"]
        self.metadata = described["metadata"]

    def _read_blocks(self):
        count = self._promised_blocks()
        if len(self.data) < self.header_bytes + count * self.block_bytes:
            self.find(len(self.data), -1, 0, "truncated")
        blocks, unused = [], []
        for index in range(count):
            start = self.header_bytes + index * self.block_bytes
            data = self.data[start : start + self.block_bytes]
            if len(data) < 64:
                break
            if not any(data[:64]):
                unused.append(start)
                continue
            block = self._read_block(start, data)
            if block:
                blocks.append(block)
        last = max((block.start for block in blocks), default=-1)
        for start in unused:
            if start < last:
                self.find(start, -1, 0, "bad-block-header")
        self.blocks = {}
        for block in sorted(blocks, key=lambda block: block.start):
            if (block.ring, block.sequence) in self.blocks:
                self.find(block.start, block.ring, block.sequence, "duplicate-block")
            else:
                self.blocks[block.ring, block.sequence] = block

    def _promised_blocks(self):
        record = bytes(self.data[self.header_bytes - 16 : self.header_bytes])
        if len(record) < 16:
            return self.block_count
        magic, used, _, stored = struct.unpack("<IIII", record)
        is_closed = magic == 0x444E4554 and crc32(record[:12], self.seed) == stored
        return min(used, self.block_count) if is_closed else self.block_count

    def _read_block(self, start, data):
        head = bytes(data[:64])
        magic, stored = struct.unpack_from("<II", head)
        if magic == 0x4B4C4254 and crc32(head[8:], self.seed) == stored:
            block = Block(start, data, self.seed)
            if block.ring < len(self.rings) and 1 <= block.sequence <= LARGEST and 1 <= block.first <= LARGEST:
                return block
        self.find(start, -1, 0, "bad-block-header")
        return None

    def ring_blocks(self, ring):
        return [block for _, block in sorted(self.blocks.items()) if block.ring == ring]
