"""Allocates a known amount of a known kind of memory, keeps it for a while and ends; tells nobody but the kernel.

planted.py KIND MIB SECONDS; the kinds are heap, mmap, memfd, stack, file, shared.
"""
import ctypes
import mmap
import os
import sys
import threading
import time

kind, mib, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
size = mib * 2**20
libc = ctypes.CDLL(None, use_errno=True)
MADV_POPULATE_READ = 22  # Linux 5.14


def touch(memory):
    for at in range(0, size, mmap.PAGESIZE):
        memory[at] = 1


if kind == "heap":
    libc.sbrk.restype = ctypes.c_void_p
    libc.sbrk.argtypes = [ctypes.c_ssize_t]
    memory = libc.sbrk(size)
    ctypes.memset(memory, 1, size)
elif kind == "mmap":
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    touch(memory)
elif kind == "memfd":
    fd = os.memfd_create("planted")
    os.ftruncate(fd, size)
    memory = mmap.mmap(fd, size)
    touch(memory)
elif kind == "stack":
    threading.stack_size(size + 2**20)

    def deep():
        # An array on the stack of its own thread, as alloca would have it: written below the stack pointer.
        with open("/proc/thread-self/syscall") as call:
            pointer = int(call.read().split()[-2], 16)
        ctypes.memset(pointer - size, 1, size - 2**16)
        time.sleep(seconds)

    thread = threading.Thread(target=deep)
    thread.start()
    thread.join()
    sys.exit()
elif kind == "file":
    path = sys.argv[4]
    with open(path, "wb") as out:
        for _ in range(mib):
            out.write(b"x" * 2**20)
    with open(path, "rb") as source:
        memory = mmap.mmap(source.fileno(), size, prot=mmap.PROT_READ)
    sum(memory[at] for at in range(0, size, mmap.PAGESIZE))
elif kind == "shared":
    memory = mmap.mmap(-1, size, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)
    touch(memory)
    for _ in range(3):
        if os.fork() == 0:
            # All of it at one instant: while several go on touching it, their shares are of no single moment.
            memory.madvise(MADV_POPULATE_READ)
            time.sleep(seconds)
            os._exit(0)
time.sleep(seconds)
while True:
    try:
        os.wait()
    except ChildProcessError:
        break
