"""What the rings mean: processes, values that were measured, events and times of day (docs/tide-format.md, second part)."""
import bisect
import json
import struct
import zlib

from tide_bytes import BadBytes, Cursor, unzigzag
from tide_columns import ColumnState, number_text
from tide_frames import RingWalk
from tide_records import Records
from tide_tiers import TIERS

STATUSES = ("ok", "denied", "gone", "no-mm", "timeout", "unsupported", "not-due", "lost", "estimated")
FROM_STAT = {"minorFaults", "majorFaults", "userTime", "systemTime", "threads", "parentPid"}
# Only in recordings of the engine in the kernel.
FROM_KERNEL = {
    *("rssFile", "rssShmem", "swapAnon", "pageTables", "stackSize", "lockedSize", "hwm", "vsizePeak"),
    *("rssLow", "rssHigh", "uid", "cgroupId", "pidNamespace"),
}
METRICS = {"rss", "rssAnon", "vsize", "dataSize"} | FROM_STAT | FROM_KERNEL
EVENTS = (
    *(None, "clock", "arrive", "depart", "rename", "mark", "begin", "end", "gap", "drop", "audit", "close", "resume"),
    *(None, "exec", "fork", "ran", "exit", "lives", "peaks", "budget", None, None, None, "highWater"),
    *("v8Heap", "v8Gc", "groupLimit", "processLimit"),
)
ARRIVE_BY_LABEL = 13
PACK = 1000
PACK_BYTES_MOST = 2**20


def ring_named(file, name):
    return next((index for index, ring in enumerate(file.rings) if ring["name"] == name), None)


def process_of(label):
    pid, start_ticks, parent, flags, length = struct.unpack_from("<IQIBB", label)
    return [pid, start_ticks, parent, flags & 1, label[18 : 18 + length].hex()]


def arrival_of(label):
    """The same as the JSON of an arrival."""
    pid, start_ticks, parent, is_kernel_thread, name = process_of(label)
    told = {"pid": pid, "startTicks": start_ticks, "parentPid": parent, "kernelThread": is_kernel_thread == 1}
    if label[16] & 2:
        told["source"] = struct.unpack_from("<H", label, 18 + label[17])[0]
    comm = bytes.fromhex(name)
    told["comm"] = comm.decode("utf-8", errors="replace")
    if told["comm"].encode("utf-8") != comm:
        told["commHex"] = name
    return told


def unpacked(time_ns, payload):
    """The records of a pack, as times, types and payloads; none of one that is damaged."""
    records = []
    try:
        head = Cursor(payload)
        head.varint()
        inflater = zlib.decompressobj(-15)
        body = inflater.decompress(head.bytes(head.left()), PACK_BYTES_MOST)
        if inflater.unconsumed_tail or not inflater.eof:
            raise BadBytes("more than a pack holds")
        cursor = Cursor(body)
        while cursor.left():
            apart, kind, length = cursor.varint(), cursor.varint(), cursor.varint()
            if kind > 65535 or kind == PACK:
                raise BadBytes(f"type {kind}")
            records.append((time_ns + unzigzag(apart), kind, cursor.bytes(length)))
    except (BadBytes, zlib.error):
        return []
    return records


class EventRecords(Records):
    def record(self, number, time_ns, kind, payload):
        if kind == PACK:
            return [told for one in unpacked(time_ns, payload) for told in self.record(number, *one)]
        if kind == ARRIVE_BY_LABEL:
            return [(time_ns, "arrive", arrival_of(payload))]
        return [(time_ns, EVENTS[kind], json.loads(payload))] if 0 < kind < len(EVENTS) and EVENTS[kind] else []


def events_of(file):
    events, lost = [], False
    for name in ("lives", "events"):
        ring = ring_named(file, name)
        if ring is None:
            continue
        blocks = file.ring_blocks(ring)
        is_overwritten = bool(blocks) and blocks[0].first > 1
        for told in RingWalk(file, ring, EventRecords()):
            if told[0] == "lost":
                lost = lost or name == "events"
            else:
                events.append(told)
        if name == "events":
            lost = lost or is_overwritten
    return sorted(events, key=lambda event: event[0]), lost


def v8_of(file):
    ring = ring_named(file, "v8")
    told = RingWalk(file, ring, EventRecords()) if ring is not None else ()
    return sorted((record for record in told if record[0] != "lost"), key=lambda record: record[0])


class Clock:
    """Places monotonic times by the last pair of clock readings at or before them."""

    def __init__(self, file, events, lost):
        pairs = [(time_ns, int(event["realNs"])) for time_ns, kind, event in events if kind == "clock"]
        if not lost or not pairs:
            started = file.metadata["startedAt"]
            pairs.append((int(started["monotonicNs"]), int(started["realNs"])))
        self.pairs = sorted(pairs)

    def unix(self, time_ns):
        place = max(0, bisect.bisect_right(self.pairs, (time_ns, float("inf"))) - 1)
        at, real_ns = self.pairs[place]
        return time_ns - at + real_ns


class MeasuredCounters(ColumnState):
    """Frames of the counters ring as processes and values that this tick measured."""

    def __init__(self, file, ring, clock):
        super().__init__(file, ring)
        self.clock = clock
        self.names = [column["name"] for column in self.ring["columns"]]

    def take(self, frame, number):
        if super().take(frame, number) is None:
            return None
        scalars = dict(zip(self.ring["scalars"], self.scalars))
        tick, every = scalars["tick"], scalars.get("statEvery", 1)
        rows = [self.measured(slot, tick, every) for slot in sorted(self.labels)]
        return [("tick", int(tick), str(self.clock.unix(self.start_ns)), rows)]

    def measured(self, slot, tick, every):
        is_read = every <= 1 or slot % every == tick % every
        values = [
            number_text(column.get(slot, float("nan"))) if is_read or name not in FROM_STAT else "-"
            for name, column in zip(self.names, self.numbers)
            if name in METRICS
        ]
        status = self.statuses.get(slot, 255)
        return [*process_of(self.labels[slot]), STATUSES[status] if status < len(STATUSES) else "lost", values]


def recording_lines(file):
    events, lost = events_of(file)
    for time_ns, kind, event in events:
        yield ("event", str(time_ns), kind, event)
    for time_ns, kind, event in v8_of(file):
        yield ("v8", str(time_ns), kind, event)
    clock = Clock(file, events, lost)
    for name, decoder in [("counters", MeasuredCounters), *TIERS.items()]:
        ring = ring_named(file, name)
        if ring is not None:
            yield from RingWalk(file, ring, decoder(file, ring, clock))
