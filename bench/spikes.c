// spikes COUNT MIB HOLD_US GAP_US: memory that is there for a short time, again and again, at times that no sampler follows. Prints of each
// spike when it was whole and when it began to go, monotonic nanoseconds.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void pause_us(int64_t us) {
  struct timespec time = {us / 1000000, us % 1000000 * 1000};
  nanosleep(&time, NULL);
}

int main(int count, char** words) {
  if (count != 5) return 2;
  int spikes = atoi(words[1]);
  size_t bytes = (size_t)atoi(words[2]) << 20;
  int64_t hold_us = atoll(words[3]);
  int64_t gap_us = atoll(words[4]);
  srand(1);
  pause_us(500000);
  for (int spike = 0; spike < spikes; spike++) {
    pause_us(gap_us + rand() % gap_us);
    char* memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED) return 1;
    int64_t whole = now();
    pause_us(hold_us);
    int64_t goes = now();
    munmap(memory, bytes);
    printf("%ld %ld\n", whole, goes);
    fflush(stdout);
  }
  pause_us(200000);
}
