"""Processes of services: NAMES of them with a name each, of some MiB that come and go, until standard input closes.

The traps: they must not outlive the benchmark, so each asks the kernel to be killed with its parent; and they must cost
little themselves, so each moves only every few seconds.
"""

import ctypes
import os
import random
import signal
import sys
import time

PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15
libc = ctypes.CDLL(None)
parent = os.getpid()
children = []


def serve(number):
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    libc.prctl(PR_SET_NAME, f"svc-{number:03d}".encode(), 0, 0, 0)
    random.seed(number)
    kept = []
    while True:
        if len(kept) > 3 + number % 5:
            kept = kept[: number % 3]
        kept.append(bytes(bytearray(random.randrange(1 << 16, 1 << 20))))
        time.sleep(random.uniform(2, 8))


for number in range(int(sys.argv[1])):
    child = os.fork()
    if child == 0:
        serve(number)
    children.append(child)
print("there", flush=True)
try:
    sys.stdin.read()
finally:
    for child in children:
        os.kill(child, signal.SIGKILL)
    for child in children:
        os.waitpid(child, 0)
