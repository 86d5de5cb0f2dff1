// Reads one thing of a process again and again, and tells how long each read took.
//
//   lock-reads NAME PID HEAP PERIOD_US MILLISECONDS
//
// NAME is a file of the process, read to its end as one read after the other; or, of its heap, which begins at HEAP
// (hexadecimal): `pagemap` of 512 pages, `PAGEMAP_SCAN` of at most 1,024 pages, `kpagecount` of 512 page frames. Prints
// the number of reads, and the median and the longest of a whole read and of one call, in nanoseconds.
//
// The trap: a file of the kernel is given out in pieces, and a lock is held for a piece, so the calls are told apart.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

struct region {
  uint64_t start, end, categories;
};
struct scan {
  uint64_t size, flags, start, end, walk_end, regions, region_count, max_pages;
  uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};

enum { kMost = 100000 };
static int64_t wholes[kMost], calls[kMost];
static char text[1 << 20];

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int by_size(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

// The longest call of one whole read, or -1.
static int64_t read_once(const char *name, const char *path, uint64_t heap, uint64_t page) {
  int64_t longest = 0, before = now();
  int fd = open(path, O_RDONLY);
  if (fd < 0) return -1;
  for (;;) {
    int64_t start = now();
    long got;
    if (strcmp(name, "PAGEMAP_SCAN") == 0) {
      struct region regions[256];
      struct scan scan = {.size = sizeof scan, .start = heap, .end = heap + (page << 20), .regions = (uint64_t)regions,
                          .region_count = 256, .max_pages = 1024, .category_anyof_mask = 8 | 16, .return_mask = 8 | 16};
      got = ioctl(fd, _IOWR('f', 16, struct scan), &scan) < 0 ? -1 : 0;
    } else if (strcmp(name, "pagemap") == 0) {
      got = pread(fd, text, 512 * 8, (off_t)(heap / page * 8)) < 0 ? -1 : 0;
    } else if (strcmp(name, "kpagecount") == 0) {
      got = pread(fd, text, 512 * 8, 4096 * 8) < 0 ? -1 : 0;
    } else {
      got = read(fd, text, sizeof text);
    }
    int64_t took = now() - start;
    if (got < 0) return -1;
    if (took > longest) longest = took;
    if (got == 0) break;
  }
  close(fd);
  (void)before;
  return longest;
}

int main(int count, char **words) {
  if (count != 6) return 2;
  const char *name = words[1];
  char path[128];
  if (strcmp(name, "kpagecount") == 0)
    strcpy(path, "/proc/kpagecount");
  else
    snprintf(path, sizeof path, "/proc/%s/%s", words[2], strcmp(name, "PAGEMAP_SCAN") == 0 ? "pagemap" : name);
  uint64_t heap = strtoull(words[3], NULL, 16), page = (uint64_t)sysconf(_SC_PAGESIZE);
  int64_t period = strtoll(words[4], NULL, 10) * 1000, end = now() + strtoll(words[5], NULL, 10) * 1000000;
  int reads = 0;
  while (now() < end && reads < kMost) {
    int64_t start = now();
    int64_t longest = read_once(name, path, heap, page);
    if (longest < 0) {
      perror(path);
      return 1;
    }
    wholes[reads] = now() - start;
    calls[reads++] = longest;
    int64_t left = period - (now() - start);
    struct timespec pause = {left / 1000000000, left % 1000000000};
    if (left > 0) nanosleep(&pause, NULL);
  }
  if (reads == 0) return 1;
  qsort(wholes, reads, sizeof *wholes, by_size);
  qsort(calls, reads, sizeof *calls, by_size);
  printf("%d %lld %lld %lld %lld\n", reads, (long long)wholes[reads / 2], (long long)wholes[reads - 1],
         (long long)calls[reads / 2], (long long)calls[reads - 1]);
  return 0;
}
