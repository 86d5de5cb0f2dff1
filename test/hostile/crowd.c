/*
 * Very many processes: `crowd COUNT` has so many children at once, each asleep in an address space of its own; `crowd storm
 * MILLISECONDS` has children that end at once, one after another, and prints how many there were.
 * All of them die with it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static int storm(double most) {
  long born = 0;
  for (const double start = milliseconds(); milliseconds() - start < most; born++) {
    const pid_t child = fork();
    if (child == 0) _exit(0);
    if (child < 0) return perror("fork"), 1;
    if (waitpid(child, NULL, 0) != child) return perror("waitpid"), 1;
  }
  printf("%ld\n", born);
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "storm") == 0) return storm(atof(argv[2]));
  if (argc != 2) return 2;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (long count = atol(argv[1]); count > 0; count--) {
    const pid_t child = fork();
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      for (;;) pause();
    }
    if (child < 0) return fprintf(stderr, "%ld left: %s\n", count, strerror(errno)), 1;
  }
  puts(argv[1]);
  fflush(stdout);
  for (;;) pause();
}
