// The same program as the engine bpf, with nothing around it: runs it once for each line that it is sent and adds up what
// the rows say. In the protocol of round-child.ts: the first line is the pids, then each line is answered with
// "CPU_NS SUM PROCESSES".
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "../native/bpf/objects.h"

static long Now(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec * 1000000000L + now.tv_nsec;
}

static void* Map(int map, size_t bytes) { return mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0); }

int main(void) {
  static char log[1 << 20];
  static char line[1 << 20];
  const struct tidemark_sizes sizes = {32769, 4194304 / TIDEMARK_SLOT_PIECE + 1, 65536, 0};
  struct tidemark_object object;
  if (tidemark_load_walk(&sizes, &object, log, sizeof log) != 0) {
    fprintf(stderr, "%s\n", log);
    return 1;
  }
  unsigned* slots = Map(object.slots_map, (size_t)sizes.slot_pieces * TIDEMARK_SLOT_PIECE * 4);
  struct tidemark_row* rows = Map(object.rows_map, (size_t)sizes.rows * sizeof *rows);
  object.ask->rows = sizes.rows - 1;
  tidemark_run(object.prepare);
  object.ask->cpus = (unsigned)atoi(getenv("CPUS"));
  object.ask->level = 0;
  unsigned count = 0;
  if (!fgets(line, sizeof line, stdin)) return 1;
  for (char* word = strtok(line, " \n"); word; word = strtok(0, " \n")) slots[atoi(word)] = ++count;
  printf("ready\n");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    const long start = Now();
    object.ask->sweep++;
    object.ask->times_every = strncmp(line, "memory", 6) == 0 ? 1u << 30 : 1;
    object.ask->times_phase = object.ask->times_every - 1;
    if (object.ask->times_every == 1) object.ask->times_phase = 0;
    tidemark_run(object.walk);
    unsigned long sum = 0;
    unsigned found = 0;
    for (unsigned i = 0; i < count; i++) {
      if (rows[i].sweep != object.ask->sweep) continue;
      sum += (unsigned long)(rows[i].file + rows[i].anon + rows[i].shmem);
      found++;
    }
    printf("%ld %lu %u\n", Now() - start, sum * 4096, found);
    fflush(stdout);
  }
  return 0;
}
