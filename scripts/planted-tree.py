"""A tree of processes with known memory, for the picture of a report: a server that leaks, workers that take and give back,
a cache that fills up, and an import that runs into its own limit.

The trap: a busy host would stretch all of it. So each step has its time, and what comes late does not move what follows."""

import ctypes
import mmap
import os
import resource
import sys
import time

MIB = 2**20
SECONDS = 30
STEP = 0.05


def named(name):
    ctypes.CDLL(None).prctl(15, name.encode(), 0, 0, 0)


def taken(mib):
    area = mmap.mmap(-1, int(mib * MIB), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for at in range(0, len(area), 4096):
        area[at] = 1
    return area


def hold(bytes_at, begin):
    """Holds as many MiB as `bytes_at` tells for each second, in pieces that come and go."""
    held = []
    step = 0
    while (now := time.monotonic() - begin) < SECONDS:
        wanted = bytes_at(now)
        while sum(map(len, held)) + 2 * MIB <= wanted * MIB:
            held.append(taken(2))
        while held and sum(map(len, held)) > wanted * MIB:
            held.pop().close()
        step += 1
        time.sleep(max(0.0, begin + step * STEP - time.monotonic()))


def leaking(now):
    return 20 + 4.5 * now


def batches(phase):
    return lambda now: 12 + 60 * (((now + phase) % 6) / 6 if (now + phase) % 6 < 5 else 0)


def filling(now):
    return min(120, 16 + 18 * now)


def importing(now):
    return 0 if now < 8 else 10 + 40 * (now - 8)


PROCESSES = {
    "api-server": leaking,
    "cache": filling,
    **{f"worker-{number}": batches(2 * number) for number in range(3)},
    "import": importing,
}


def child(name, bytes_at, begin):
    named(name)
    if name == "import":
        limit = int(resource.getpagesize() * int(open("/proc/self/statm").read().split()[0]) + 260 * MIB)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    try:
        hold(bytes_at, begin)
    except (OSError, MemoryError):
        os._exit(1)
    os._exit(0)


named("shop")
begin = time.monotonic() + 0.5
for name, bytes_at in PROCESSES.items():
    if os.fork() == 0:
        child(name, bytes_at, begin)
for _ in PROCESSES:
    os.wait()
sys.exit(0)
