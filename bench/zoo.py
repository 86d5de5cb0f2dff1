"""A zoo of idle processes to sample: on the line "start SLEEPERS PYTHONS" on standard input it starts them, answers with
one line of their pids once all have come up, and lets them live until standard input closes.

The traps: children must not outlive the benchmark, however it dies, so each asks the kernel to be killed with its parent,
and the parent ends with the pipe; and a thousand interpreters that start at once take a machine down, so only a few are
coming up at any time.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys

PR_SET_PDEATHSIG = 1
STARTING_AT_ONCE = 2 * (os.cpu_count() or 1)

# What a small service has loaded, and a heap that is touched; it says when it is up and sleeps for ever.
PYTHON = """
import json, os, re, socket, ssl, sys, threading, time
heap = [bytearray(4096) for _ in range(200)]
os.write(int(sys.argv[1]), b".")
os.close(int(sys.argv[1]))
time.sleep(1e6)
"""

libc = ctypes.CDLL(None)
parent = os.getpid()
children = []


def die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def start(argv, keep=()):
    quiet = subprocess.DEVNULL
    child = subprocess.Popen(argv, stdin=quiet, stdout=quiet, stderr=quiet, preexec_fn=die_with_parent, pass_fds=keep)
    children.append(child)


def wait_for_one(ready):
    """Waits until one more interpreter is up. Leaves when nobody wants the zoo any more."""
    readable, _, _ = select.select([sys.stdin, ready], [], [])
    if sys.stdin in readable:
        sys.exit(0)
    return len(os.read(ready, 4096))


def run():
    order = sys.stdin.readline().split()
    if not order:
        return
    sleepers, pythons = int(order[1]), int(order[2])
    for _ in range(sleepers):
        start(["/bin/sleep", "1000000"])
    ready, said = os.pipe()
    coming_up = 0
    for _ in range(pythons):
        while coming_up >= STARTING_AT_ONCE:
            coming_up -= wait_for_one(ready)
        start([sys.executable, "-c", PYTHON, str(said)], keep=(said,))
        coming_up += 1
    while coming_up:
        coming_up -= wait_for_one(ready)
    print(*(child.pid for child in children), flush=True)
    sys.stdin.read()


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
signal.signal(signal.SIGINT, signal.SIG_IGN)
try:
    run()
finally:
    for child in children:
        child.kill()
    for child in children:
        child.wait()
