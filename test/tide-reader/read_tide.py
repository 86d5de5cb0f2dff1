"""Prints what a .tide file holds as lines of JSON, for comparison with another reader: `read_tide.py FILE`. Written from
docs/tide-format.md alone. Exit 1 and one line `refused` for what is no such file. Doubles are printed as their 64 bits,
times and addresses as decimal strings."""
import json
import sys

from tide_columns import ColumnState
from tide_file import Refused, TideFile
from tide_frames import RingWalk
from tide_recording import recording_lines
from tide_records import Mappings, Records


def decoder_of(file, ring):
    described = file.rings[ring]
    if described["rows"] != "none":
        return ColumnState(file, ring)
    if described["name"] == "mappings":
        return Mappings(file)
    return Records()


def lines_of(data):
    file = TideFile(data)
    yield ["file", file.file_id.hex(), file.max_slots, file.rings, file.metadata]
    for ring, described in enumerate(file.rings):
        yield ["ring", described["name"]]
        yield from RingWalk(file, ring, decoder_of(file, ring))
    if file.metadata.get("format", "").startswith("tide-"):
        yield from recording_lines(file)
    for _, finding in sorted(file.findings.items()):
        yield ["finding", *finding]


def main():
    with open(sys.argv[1], "rb") as opened:
        data = opened.read()
    try:
        for line in lines_of(data):
            print(json.dumps(line, separators=(",", ":"), ensure_ascii=True))
    except Refused as refused:
        print(json.dumps(["refused", str(refused)]))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
