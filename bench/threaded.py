"""Processes with many threads to sample: on the line "start PROCESSES THREADS" on standard input it starts them, answers
with one line of their pids once all threads are there, and lets them live until standard input closes.

The trap: children must not outlive the benchmark, so each asks the kernel to be killed with its parent.
"""

import ctypes
import os
import signal
import sys
import threading
import time

PR_SET_PDEATHSIG = 1
SMALL_STACK = 64 * 1024

libc = ctypes.CDLL(None)


def live(threads, ready):
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    threading.stack_size(SMALL_STACK)
    for _ in range(threads - 1):
        threading.Thread(target=time.sleep, args=(1e6,), daemon=True).start()
    os.write(ready, b".")
    time.sleep(1e6)


order = sys.stdin.readline().split()
if order:
    processes, threads = int(order[1]), int(order[2])
    ready, said = os.pipe()
    pids = []
    for _ in range(processes):
        pid = os.fork()
        if pid == 0:
            live(threads, said)
        pids.append(pid)
        os.read(ready, 1)
    print(*pids, flush=True)
    sys.stdin.read()
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
