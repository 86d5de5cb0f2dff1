"""psutil's side of the comparison, in the protocol of round-child.ts: the first line is the pids, then each line names a
work that is done once for all of them, and is answered with "CPU_NS SUM PROCESSES".

The trap is to measure psutil at its worst: a Process object reads stat when it is made, so they are made once and kept,
as the documentation advises for repeated use.
"""

import sys
import time

import psutil


def memory_info(process):
    return process.memory_info().rss


def memory_maps(process):
    return sum(group.pss for group in process.memory_maps())


def oneshot(process):
    with process.oneshot():
        process.cpu_times()
        return process.memory_info().rss


works = {"memory_info": memory_info, "memory_maps": memory_maps, "oneshot": oneshot}
processes = [psutil.Process(int(pid)) for pid in sys.stdin.readline().split()]
print(psutil.__version__, flush=True)
for line in sys.stdin:
    read = works[line.strip()]
    total = 0
    start = time.process_time_ns()
    for process in processes:
        total += read(process)
    spent = time.process_time_ns() - start
    print(spent, total, len(processes), flush=True)
