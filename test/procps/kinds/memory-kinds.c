// Kinds of memory. A file to map is named by $MAP.
//
// The trap: neighbouring mappings of one kind merge, and khugepaged collapses what is only partly touched, so areas that
// are to stand as they are have guards between them and huge ones are filled.
#define _GNU_SOURCE
#include "kinds.h"

#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/userfaultfd.h>
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

// Newer than Debian 12's headers.
#define GUARD_INSTALL 102
#define SYS_MSEAL 462

static char *map(size_t size, int protection, int flags, int fd) {
  char *area = mmap(NULL, size, protection, flags, fd, 0);
  if (area == MAP_FAILED) leave_out("mmap");
  return area;
}

static char *map_shared(int fd, size_t pages) {
  size_t size = pages * page_size();
  if (fd < 0) leave_out("open");
  if (ftruncate(fd, (off_t)size) != 0) leave_out("ftruncate");
  char *area = map(size, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
  memset(area, 2, size / 2);
  return area;
}

static void file(void) { map_shared(open(getenv("MAP"), O_RDWR | O_CREAT, 0600), 4); }

static void deleted_file(void) {
  file();
  if (unlink(getenv("MAP")) != 0) leave_out("unlink");
}

// One file, three ways: read, written privately (copied pages), executable.
static void private_file(void) {
  int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  size_t size = 2 * page_size();
  map(size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd);
  memset(map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd), 3, size);
  map(size, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_POPULATE, fd);
  map(size, PROT_EXEC, MAP_PRIVATE, fd);
}

static void memfd(void) { map_shared(memfd_create("plain", MFD_CLOEXEC), 8); }

static void memfd_spaces(void) { map_shared(memfd_create("  a name (deleted)  with spaces ", MFD_CLOEXEC), 8); }

static void sysv_shm(void) {
  int segment = shmget(IPC_PRIVATE, 16 * page_size(), IPC_CREAT | 0600);
  if (segment < 0) leave_out("shmget");
  char *area = shmat(segment, NULL, 0);
  // The segment goes with its last user.
  shmctl(segment, IPC_RMID, NULL);
  memset(area, 4, 4 * page_size());
}

static void posix_shm(void) {
  char name[64];
  snprintf(name, sizeof name, "/tidemark-kinds-%d", getpid());
  int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
  map_shared(fd, 6);
  shm_unlink(name);
}

static void shared_anonymous(void) {
  memset(map(32 * page_size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1), 5, 7 * page_size());
}

static void device(void) {
  int fd = open("/dev/zero", O_RDWR);
  memset(map(4 * page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE, fd), 6, page_size());
}

static void reservation(void) {
  map((size_t)64 << 30, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
}

// Read-only and writable by turns, so that no two merge.
static void many_mappings(void) {
  size_t page = page_size();
  char *area = map(2000 * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  for (size_t i = 0; i < 2000; i += 2) {
    if (mprotect(area + i * page, page, PROT_READ | PROT_WRITE) != 0) leave_out("mprotect");
    if (i % 3 == 0) area[i * page] = 1;
  }
}

// One small file mapped over and over: more than 1 GiB resident for 4 MiB of memory.
static void large_resident(void) {
  size_t size = 4 << 20;
  int fd = memfd_create("again", MFD_CLOEXEC);
  memset(map_shared(fd, size / page_size()), 7, size);
  for (int i = 0; i < 300; i++) map(size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd);
}

static void guards(void) {
  char *area = touched(64);
  for (size_t i = 0; i < 64; i += 16) {
    if (madvise(area + i * page_size(), page_size(), GUARD_INSTALL) != 0) leave_out("MADV_GUARD_INSTALL");
  }
}

static void sealed(void) {
  if (syscall(SYS_MSEAL, touched(8), 8 * page_size(), 0) != 0) leave_out("mseal");
}

static void huge_pages(void) {
  char *area = map(2 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1);
  memset(area, 8, 2 << 20);
}

static void transparent_huge_pages(void) {
  size_t huge = 2 << 20;
  char *area = map(4 * huge, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  char *aligned = (char *)(((size_t)area + huge - 1) / huge * huge);
  mprotect(aligned, 2 * huge, PROT_READ | PROT_WRITE);
  if (madvise(aligned, 2 * huge, MADV_HUGEPAGE) != 0) leave_out("MADV_HUGEPAGE");
  memset(aligned, 9, 2 * huge);
}

static void named_memory(void) {
  char *area = touched(4);
  if (prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, area, 4 * page_size(), "arena of / words (deleted)") != 0) {
    leave_out("PR_SET_VMA_ANON_NAME");
  }
}

static void jit(void) {
  memset(map(16 * page_size(), PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1), 0xc3, page_size());
}

static void locked(void) {
  if (mlock(touched(64), 64 * page_size()) != 0) leave_out("mlock");
}

static void advised(void) {
  static const int advice[] = {MADV_DONTFORK,   MADV_DONTDUMP, MADV_WIPEONFORK, MADV_SEQUENTIAL, MADV_RANDOM,
                               MADV_MERGEABLE, MADV_FREE,     MADV_COLD,       MADV_NOHUGEPAGE};
  for (size_t i = 0; i < sizeof advice / sizeof *advice; i++) {
    map(page_size(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    madvise(touched(4), 4 * page_size(), advice[i]);
  }
  map(4 * page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1);
}

static void fault_handled(void) {
  int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
  struct uffdio_api api = {.api = UFFD_API};
  if (fd < 0 || ioctl(fd, UFFDIO_API, &api) != 0) leave_out("userfaultfd");
  char *area = map(8 * page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  struct uffdio_register watch = {.range = {(size_t)area, 8 * page_size()}, .mode = UFFDIO_REGISTER_MODE_MISSING};
  if (ioctl(fd, UFFDIO_REGISTER, &watch) != 0) leave_out("UFFDIO_REGISTER");
}

static void asynchronous_io(void) {
  unsigned long context = 0;
  if (syscall(SYS_io_setup, 8, &context) != 0) leave_out("io_setup");
}

static void ring_io(void) {
  struct io_uring_params params = {0};
  int fd = (int)syscall(SYS_io_uring_setup, 8, &params);
  if (fd < 0) leave_out("io_uring_setup");
  mmap(NULL, page_size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, IORING_OFF_SQ_RING);
}

static void large_heap(void) {
  for (int i = 0; i < 5000; i++) {
    char *piece = malloc(3000);
    if (piece == NULL) leave_out("malloc");
    memset(piece, 10, 3000);
  }
}

static const struct {
  const char *name;
  kind_function be;
} KINDS[] = {
    {"private-file", private_file},
    {"memfd", memfd},
    {"memfd-spaces", memfd_spaces},
    {"sysv-shm", sysv_shm},
    {"posix-shm", posix_shm},
    {"shared-anonymous", shared_anonymous},
    {"device", device},
    {"reservation", reservation},
    {"many-mappings", many_mappings},
    {"large-resident", large_resident},
    {"guards", guards},
    {"sealed", sealed},
    {"huge-pages", huge_pages},
    {"transparent-huge-pages", transparent_huge_pages},
    {"named-memory", named_memory},
    {"jit", jit},
    {"locked", locked},
    {"advised", advised},
    {"fault-handled", fault_handled},
    {"asynchronous-io", asynchronous_io},
    {"ring-io", ring_io},
    {"large-heap", large_heap},
};

kind_function memory_kind(const char *name) {
  if (strncmp(name, "file-", 5) == 0) return strcmp(name, "file-deleted") == 0 ? deleted_file : file;
  for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
    if (strcmp(KINDS[i].name, name) == 0) return KINDS[i].be;
  }
  return NULL;
}
