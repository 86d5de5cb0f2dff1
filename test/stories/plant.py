"""Puts load of one kind on the host: plant.py KIND MEBIBYTES FOLDER. Says when it is there, and takes it away at the end of its input."""
import fcntl
import mmap
import os
import sys

kind, size, folder = sys.argv[1], int(sys.argv[2]) << 20, sys.argv[3]
kept = []
children = []
PAGE = mmap.PAGESIZE
# Else address space counts as promised memory.
NORESERVE = 0x4000


def private(length):
    return mmap.mmap(-1, length, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | NORESERVE)


def fill(path):
    """A file of that size, which stays open; its blocks cannot be made smaller."""
    with open(path, 'wb') as file:
        for _ in range(size >> 20):
            file.write(os.urandom(1 << 20))
        file.flush()
        os.fsync(file.fileno())
    kept.append(os.open(path, os.O_RDONLY))


def anon():
    area = private(size)
    for at in range(0, size, PAGE):
        area[at] = 1
    kept.append(area)


def cache():
    fill(os.path.join(folder, 'cached'))


def mapped():
    fill(os.path.join(folder, 'mapped'))
    area = mmap.mmap(kept[0], size, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ)
    for at in range(0, size, PAGE):
        area[at]
    kept.append(area)


def shmem():
    path = f'/dev/shm/tidemark-plant-{os.getpid()}'
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    os.unlink(path)
    os.posix_fallocate(descriptor, 0, size)
    kept.append(descriptor)


def slab():
    """Names that are not there: the kernel remembers each of them, in 192 bytes."""
    for number in range(size // 192):
        try:
            os.stat(f'{folder}/{number}')
        except FileNotFoundError:
            pass


def tables():
    """Page tables: one page touched of each 2 MiB takes 4 KiB of table, and 4 KiB itself."""
    length = (size // PAGE) << 21
    area = private(length)
    for at in range(0, length, 1 << 21):
        area[at] = 1
    kept.append(area)


def forks():
    """So many processes as take about that much, at 640 KiB each."""
    for _ in range(size // (640 << 10)):
        child = os.fork()
        if child == 0:
            os.read(0, 1)
            os._exit(0)
        children.append(child)


def pipes():
    """Memory that no counter of the kernel tells of: what lies in pipes."""
    for _ in range(size >> 20):
        _, end = pair = os.pipe()
        fcntl.fcntl(end, 1031, 1 << 20)
        os.set_blocking(end, False)
        try:
            while os.write(end, b'x' * (1 << 16)):
                pass
        except BlockingIOError:
            pass
        kept.append(pair)


def swapped():
    """Memory that was sent to swap, where there is any."""
    area = private(size)
    for at in range(0, size, PAGE):
        area[at : at + 256] = os.urandom(256)
    kept.append(area)
    area.madvise(21)


{'anon': anon, 'cache': cache, 'mapped': mapped, 'shmem': shmem, 'slab': slab, 'tables': tables, 'forks': forks, 'pipes': pipes, 'swapped': swapped}[kind]()
print('there', flush=True)
if kind != 'forks':
    sys.stdin.read()
for child in children:
    os.waitpid(child, 0)
