"""Processes of many kinds, all stopped, for `ps` to be compared on. Prints {"kind": pid} as one line of JSON when they
stand still; ends them when its input ends. The trap: a process is compared only once it has stopped, so each says so
through its state, and what cannot stop (a zombie, a child that shares our memory) is made to wait."""

import ctypes
import json
import os
import pty
import signal
import sys
import threading
import time

libc = ctypes.CDLL(None, use_errno=True)
PR_SET_NAME = 15
CLONE_VM = 0x100
kinds = {}


def stop():
    os.kill(os.getpid(), signal.SIGSTOP)
    os._exit(0)


def forked(kind, prepare=lambda: None):
    pid = os.fork()
    if pid == 0:
        prepare()
        stop()
    kinds[kind] = pid


def named(name):
    return lambda: libc.prctl(PR_SET_NAME, ctypes.c_char_p(name), 0, 0, 0)


def executed(kind, *words):
    pid = os.fork()
    if pid == 0:
        os.execv("/bin/sleep", list(words))
    kinds[kind] = pid


def with_threads():
    for _ in range(3):
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()


def locked():
    size = 1 << 20
    libc.mmap.restype = ctypes.c_void_p
    place = libc.mmap(None, ctypes.c_size_t(size), 3, 0x22, -1, ctypes.c_long(0))
    libc.mlock(ctypes.c_void_p(place), ctypes.c_size_t(size))


def other_user():
    os.setgroups([7, 65534])
    os.setgid(65534)
    os.setuid(65534)


def unknown_user():
    os.setgid(3000000001)
    os.setuid(3000000001)


def on_terminal():
    pid, _ = pty.fork()
    if pid == 0:
        stop()
    kinds["on a terminal"] = pid


NAMES = [
    b"a b) c (", b"new\nline", b"\x1b[31mred", b"\xffbad", b"caf\xc3\xa9", b"\xe5\xb9\x85\xe5\xb9\x85wide",
    b"\xc3\x1b[2J", b"cut\xe5\xb9", b"\xcc\x81comb", b"tab\tx", b"\xf4\x90\x80\x80z", b"\xed\xa0\x80s",
    b"\xc2\x80c1", b"emoji\xf0\x9f\x98\x80", b"\\x41", b"\x7fdel", b"\xe2\x80\xaertl",
]
for number, name in enumerate(NAMES):
    forked(f"name {number}", named(name))
executed("arguments with escapes", b"sl\xc3\xa9ep\n\x1b]0;x\x07", b"600")
executed("arguments that begin with a blank", b" lead", b"600")
executed("wide arguments", b"\xe5\xb9\x85" * 30, b"600")
executed("many arguments", b"sleep", *([b"1" * 9] * 40000))
executed("plain", b"sleep", b"600")
forked("nice", lambda: os.nice(7))
forked("eager", lambda: os.nice(-5))
forked("batch", lambda: os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0)))
forked("idle", lambda: os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0)))
forked("real time", lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(9)))
forked("leader of a session", os.setsid)
forked("threads", with_threads)
forked("locked", locked)
forked("another user", other_user)
forked("a user without a name", unknown_user)
on_terminal()
pid = os.fork()
if pid == 0:
    os._exit(3)
kinds["zombie"] = pid

# A child in the memory of a parent of its own: it runs nothing but pause().
read_end, write_end = os.pipe()
parent = os.fork()
if parent == 0:
    touched = bytearray(os.urandom(1 << 16)) * 64
    stack = ctypes.create_string_buffer(1 << 16)
    top = ctypes.addressof(stack) + (1 << 16) - 64
    child = libc.clone(libc.pause, ctypes.c_void_p(top & ~15), CLONE_VM | signal.SIGCHLD, None)
    os.write(write_end, str(child).encode())
    stop()
kinds["shares its memory"] = parent
kinds["child in that memory"] = int(os.read(read_end, 20))

for pid in kinds.values():
    for _ in range(500):
        with open(f"/proc/{pid}/stat", "rb") as stat:
            state = stat.read().rsplit(b")", 1)[1].split()[0]
        with open(f"/proc/{pid}/comm", "rb") as comm:
            is_sleep = comm.read().startswith(b"sleep")
        if state in b"TZ" or pid == kinds["child in that memory"]:
            break
        if is_sleep:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(0.01)
print(json.dumps(kinds), flush=True)
sys.stdin.read()
for kind, pid in kinds.items():
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
