// A process that notices when somebody holds its memory map: beside a heap of 4 KiB pages it maps, touches and unmaps
// 64 KiB in a loop, and keeps a histogram of how long that took.
//
//   observer-target BYTES
//
// Its first line is the address of the heap. For each line of its input, a number of milliseconds, it runs for so long
// and prints one line:
// operations, mean, p99.9, p99.99 and worst in nanoseconds, and the nanoseconds in operations that took over 1 ms.
// For a line that begins with f it forks again and again meanwhile, each of which keeps its memory map locked while the
// page tables are copied, and prints how often and how long that took at the median.
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kBuckets = 64 * 64 };
static uint32_t histogram[kBuckets];

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

// 64 steps for each power of two.
static int bucket_of(uint64_t ns) {
  if (ns < 64) return (int)ns;
  int power = 63 - __builtin_clzll(ns);
  return (power - 5) * 64 + (int)((ns >> (power - 6)) & 63);
}

static uint64_t value_of(int bucket) {
  if (bucket < 64) return bucket;
  int power = bucket / 64 + 5;
  return (uint64_t)1 << power | (uint64_t)(bucket % 64) << (power - 6);
}

static uint64_t quantile(uint64_t count, double share) {
  uint64_t wanted = (uint64_t)(count * share), seen = 0;
  for (int bucket = 0; bucket < kBuckets; bucket++) {
    seen += histogram[bucket];
    if (seen > wanted) return value_of(bucket);
  }
  return 0;
}

static int by_size(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static void fork_for(int64_t milliseconds) {
  static int64_t took[4096];
  int forks = 0;
  int64_t end = now() + milliseconds * 1000000;
  while (now() < end && forks < 4096) {
    int64_t start = now();
    pid_t child = fork();
    if (child == 0) _exit(0);
    took[forks++] = now() - start;
    waitpid(child, NULL, 0);
  }
  qsort(took, forks, sizeof *took, by_size);
  printf("%d %lld\n", forks, (long long)took[forks / 2]);
  fflush(stdout);
}

int main(int count, char **words) {
  size_t bytes = count > 1 ? strtoull(words[1], NULL, 10) : (size_t)2 << 30;
  char *heap = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (heap == MAP_FAILED) return 1;
  madvise(heap, bytes, MADV_NOHUGEPAGE);
  for (size_t at = 0; at < bytes; at += 4096) heap[at] = 1;
  printf("%lx\n", (unsigned long)heap);
  fflush(stdout);
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    if (line[0] == 'f') {
      fork_for(strtoll(line + 1, NULL, 10));
      continue;
    }
    memset(histogram, 0, sizeof histogram);
    int64_t end = now() + strtoll(line, NULL, 10) * 1000000, last = now();
    uint64_t operations = 0, sum = 0, worst = 0, stalled = 0;
    while (last < end) {
      char *piece = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      for (size_t at = 0; at < 65536; at += 4096) piece[at] = 1;
      munmap(piece, 65536);
      int64_t after = now();
      uint64_t took = (uint64_t)(after - last);
      last = after;
      operations++;
      sum += took;
      if (took > worst) worst = took;
      if (took > 1000000) stalled += took;
      histogram[bucket_of(took)]++;
    }
    printf("%llu %llu %llu %llu %llu %llu\n", (unsigned long long)operations, (unsigned long long)(sum / operations),
           (unsigned long long)quantile(operations, 0.999), (unsigned long long)quantile(operations, 0.9999),
           (unsigned long long)worst, (unsigned long long)stalled);
    fflush(stdout);
  }
  return 0;
}
