"""A process with many mappings: on a line with their number it makes them, answers with a line "PID MAPPINGS" that counts
all it has, and lives until standard input closes.

The trap: neighbours with the same protection become one mapping, so the protections alternate; and a mapping that was
never touched costs the kernel nothing to show, so every writable one is.
"""

import mmap
import os
import sys

PROTECTIONS = (mmap.PROT_READ, mmap.PROT_READ | mmap.PROT_WRITE)

made = []
for index in range(int(sys.stdin.readline() or 0)):
    protection = PROTECTIONS[index % 2]
    mapping = mmap.mmap(-1, 2 * mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=protection)
    if protection & mmap.PROT_WRITE:
        mapping[0] = 1
    made.append(mapping)

with open("/proc/self/maps") as maps:
    print(os.getpid(), sum(1 for _ in maps), flush=True)
sys.stdin.read()
