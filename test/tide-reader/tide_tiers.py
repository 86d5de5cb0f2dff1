"""The host and control groups as docs/tide-format.md tells of them: rows of what each sweep measured."""
import struct

from tide_columns import ColumnState, number_text

STATUSES = ("ok", "denied", "gone", "no-mm", "timeout", "unsupported", "not-due", "lost", "estimated")
OK = 0
EMPTY = 255
# By the bit of the file that a column comes from; those of `meminfo` and `pressure/memory` are all others.
SOURCES = {
    2: "PageFaults MajorFaults PagedIn PagedOut SwappedIn SwappedOut ScannedKswapd ScannedDirect StolenKswapd StolenDirect"
    " AllocStalls OomKills CompactStalls RefaultAnon RefaultFile ThpFaults",
    4: "IoSome IoFull CpuSome",
    8: "ZoneMin ZoneLow ZoneHigh PcpFree",
    16: "ZramStored ZramCompressed ZramUsed",
}
BIT_OF = {"host" + name: bit for bit, names in SOURCES.items() for name in names.split()}
CHARGE = ("cgroupCurrent", "cgroupDepth")
DEEPEST = ("cgroupMax", "cgroupHigh", "cgroupLow", "cgroupMin", "cgroupSwapMax", "cgroupZswap")


class Tier(ColumnState):
    def __init__(self, file, ring, clock):
        super().__init__(file, ring)
        self.clock = clock
        self.names = [column["name"] for column in self.ring["columns"]]

    def take(self, frame, number):
        told = super().take(frame, number)
        if told is None:
            return None
        shown = self.labels if self.all_rows else [slot for slot, *_ in told[0][5]]
        scalars = dict(zip(self.ring["scalars"], self.scalars))
        rows = [[*self.owner(self.labels[slot]), *self.measured(slot, scalars)] for slot in sorted(shown) if slot in self.labels]
        return [(self.line, str(self.clock.unix(self.start_ns)), rows)]

    def measured(self, slot, scalars):
        status = self.statuses.get(slot, EMPTY)
        values = [
            number_text(column.get(slot, float("nan"))) if status == OK and self.is_read(name, slot, scalars) else "-"
            for name, column in zip(self.names, self.numbers)
        ]
        return STATUSES[status] if status < len(STATUSES) else "lost", values


class Host(Tier):
    line = "host"

    def owner(self, label):
        return struct.unpack_from("<H", label)

    def is_read(self, name, slot, scalars):
        sources = scalars["sources"]
        return sources != sources or int(sources) & BIT_OF.get(name, 1) != 0


class Groups(Tier):
    line = "groups"

    def owner(self, label):
        hierarchy, flags, inode, length = struct.unpack_from("<BBQH", label)
        path = label[12 : 12 + length]
        source = struct.unpack_from("<H", label, 12 + length)[0] if flags & 2 else None
        return hierarchy, str(inode), path.hex(), source

    def is_read(self, name, slot, scalars):
        depth = self.numbers[self.names.index("cgroupDepth")].get(slot, float("nan"))
        return depth != depth or depth >= (0 if name in CHARGE else 2 if name in DEEPEST else 1)


TIERS = {"host": Host, "cgroup": Groups}
