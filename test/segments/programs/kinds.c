// One mapping of every kind that a program can ask for, then waits. Prints the kinds that this host refused.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

static const size_t kSize = 256 * 1024;
static char zeros[128 * 1024];
static char data[64 * 1024] = "initialised";

static void refused(const char *what) { printf("refused %s\n", what); }

static void *map(int protection, int flags, int fd) {
  void *at = mmap(NULL, kSize, protection, flags, fd, 0);
  if (at != MAP_FAILED && (protection & PROT_WRITE)) memset(at, 1, kSize / 2);
  return at;
}

static void *wait_in_thread(void *unused) {
  for (;;) pause();
  return unused;
}

int main(void) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  memset(zeros, 1, sizeof zeros);
  data[1] = 1;
  void *small = malloc(1000);
  void *large = malloc(1000000);
  (void)small;
  (void)large;
  pthread_t thread;
  pthread_create(&thread, NULL, wait_in_thread, NULL);
  const int kPrivate = MAP_PRIVATE | MAP_ANONYMOUS;

  int memfd = memfd_create("a name with spaces", 0);
  if (ftruncate(memfd, kSize) == 0) map(PROT_READ | PROT_WRITE, MAP_SHARED, memfd);
  int code = memfd_create("jit-code", 0);
  if (ftruncate(code, kSize) == 0) {
    map(PROT_READ | PROT_WRITE, MAP_SHARED, code);
    map(PROT_READ | PROT_EXEC, MAP_SHARED, code);
  }
  int segment = shmget(IPC_PRIVATE, kSize, IPC_CREAT | 0600);
  if (segment >= 0) {
    memset(shmat(segment, NULL, 0), 1, kSize);
    shmctl(segment, IPC_RMID, NULL);
  } else {
    refused("SysV shm");
  }
  int posix = shm_open("/segments-kinds", O_CREAT | O_RDWR, 0600);
  if (posix >= 0 && ftruncate(posix, kSize) == 0) map(PROT_READ | PROT_WRITE, MAP_SHARED, posix);
  shm_unlink("/segments-kinds");
  map(PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
  map(PROT_READ | PROT_WRITE | PROT_EXEC, kPrivate, -1);
  mmap(NULL, 1ul << 34, PROT_NONE, kPrivate | MAP_NORESERVE, -1, 0);
  void *named = map(PROT_READ | PROT_WRITE, kPrivate, -1);
  if (prctl(PR_SET_VMA, 0, named, kSize, "arena of requests") != 0) refused("names of memory");
  void *jit = map(PROT_READ | PROT_WRITE, kPrivate, -1);
  if (prctl(PR_SET_VMA, 0, jit, kSize, "example JIT code") != 0) refused("names of memory");
  void *guarded = map(PROT_READ | PROT_WRITE, kPrivate, -1);
  if (madvise(guarded, 65536, MADV_GUARD_INSTALL) != 0) refused("guard regions");
  void *sealed = map(PROT_READ | PROT_WRITE, kPrivate, -1);
  if (syscall(462, sealed, kSize, 0) != 0) refused("sealed memory");
  void *huge = mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE, kPrivate | MAP_HUGETLB, -1, 0);
  if (huge == MAP_FAILED)
    refused("hugetlb");
  else
    memset(huge, 1, 2 << 20);
  struct perf_event_attr event = {.type = PERF_TYPE_SOFTWARE, .size = sizeof event, .config = PERF_COUNT_SW_DUMMY};
  int perf = (int)syscall(SYS_perf_event_open, &event, 0, -1, -1, 0);
  if (perf < 0 || mmap(NULL, (size_t)getpagesize() * 2, PROT_READ | PROT_WRITE, MAP_SHARED, perf, 0) == MAP_FAILED) refused("perf events");
  int file = open("/etc/passwd", O_RDONLY);
  mmap(NULL, 100, PROT_READ, MAP_PRIVATE, file, 0);
  puts("ready");
  fflush(stdout);
  for (;;) pause();
}
