/*
 * A process with mappings that a reader of maps can get wrong, stopped once they are all there: names of files with every
 * kind of byte, a path longer than any buffer, System V segments, memfds, huge pages, named memory, an enormous range.
 * Its argument is the folder to make the files in.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#define SET_VMA 0x53564d41

static void check(int ok, const char *what) {
  if (ok) return;
  perror(what);
  exit(1);
}

static void map_file(const char *name, int prot, int flags) {
  int fd = open(name, O_RDWR | O_CREAT, 0600);
  check(fd >= 0 && ftruncate(fd, 8192) == 0, name);
  char *at = mmap(NULL, 8192, prot, flags, fd, 0);
  check(at != MAP_FAILED, name);
  if (prot & PROT_WRITE) at[0] = 1;
  close(fd);
}

static void map_memfd(const char *name) {
  int fd = memfd_create(name, 0);
  check(fd >= 0 && ftruncate(fd, 4096) == 0, name);
  check(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED, name);
}

static void attach_segment(size_t size) {
  int id = shmget(IPC_PRIVATE, size, IPC_CREAT | 0600);
  char *at = shmat(id, NULL, 0);
  check(at != (char *)-1, "shmat");
  at[0] = 1;
  shmctl(id, IPC_RMID, NULL);
}

int main(int argc, char **argv) {
  check(argc > 1 && chdir(argv[1]) == 0, "chdir");
  const int both = PROT_READ | PROT_WRITE;
  map_file("plain", PROT_READ, MAP_PRIVATE);
  map_file("new\nline", both, MAP_SHARED);
  map_file("sp ace  end ", PROT_READ, MAP_PRIVATE);
  map_file("caf\xc3\xa9 \xe2\x82\xac", both, MAP_PRIVATE);
  map_file("bad\xff\xc3 \x9b", PROT_READ, MAP_PRIVATE);
  map_file("esc\x1b[31m\ttab\x7f", PROT_READ, MAP_PRIVATE);
  map_file("back\\slash\\012", PROT_READ, MAP_PRIVATE);
  map_file("SYSV00000000", PROT_READ, MAP_SHARED);
  map_file("gone", PROT_READ, MAP_PRIVATE);
  unlink("gone");
  attach_segment(12345);
  attach_segment(4096);
  map_memfd("mem fd/x");
  map_memfd("/SYSVfoo");
  mmap(NULL, 8192, both, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  char *huge = mmap(NULL, 8 << 20, both, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  madvise(huge, 8 << 20, MADV_HUGEPAGE);
  memset(huge, 1, 4 << 20);
  char *named = mmap(NULL, 8192, both, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  prctl(SET_VMA, 0, named, 8192, "a/b name");
  mlock(named, 4096);
  mmap(NULL, 1ul << 40, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  // Deeper and deeper, until the path is much longer than a line that procps reads at once.
  for (int depth = 0; depth < 18; depth++) {
    char name[201];
    memset(name, depth % 3 == 2 ? 'A' + depth : "0af1be-x"[depth % 8], 200);
    name[200] = 0;
    check(mkdir(name, 0700) == 0 && chdir(name) == 0, "mkdir");
    map_file("leaf", depth & 1 ? PROT_READ : both, depth & 1 ? MAP_SHARED : MAP_PRIVATE);
  }
  raise(SIGSTOP);
  pause();
}
