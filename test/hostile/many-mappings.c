/*
 * A process of very many mappings: `many-mappings COUNT`. Each second page of one reservation is made readable, so that no
 * two neighbours can be merged; no page is touched, since tables of pages for all of them would be the larger part.
 * Prints how many mappings it has and waits to be killed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <signal.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  const size_t pages = strtoul(argv[1], NULL, 10);
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  char *start = mmap(NULL, pages * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (start == MAP_FAILED) return perror("mmap"), 1;
  for (size_t at = 1; at < pages; at += 2) {
    if (mprotect(start + at * page, page, PROT_READ) != 0) return perror("mprotect"), 1;
  }
  printf("%zu\n", pages);
  fflush(stdout);
  for (;;) pause();
}
