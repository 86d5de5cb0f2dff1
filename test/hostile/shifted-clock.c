/*
 * Preloaded into a program: the time of day is so many seconds off as the file SHIFTED_CLOCK says, which changes while the
 * program runs. Only this program sees it; the host's clock is everybody's.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static long shift(void) {
  const char *name = getenv("SHIFTED_CLOCK");
  FILE *file = name ? fopen(name, "r") : NULL;
  long seconds = 0;
  if (file != NULL && fscanf(file, "%ld", &seconds) != 1) seconds = 0;
  if (file != NULL) fclose(file);
  return seconds;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
  const int result = real(clock, now);
  if (clock == CLOCK_REALTIME) now->tv_sec += shift();
  return result;
}

int gettimeofday(struct timeval *now, void *zone) {
  int (*real)(struct timeval *, void *) = dlsym(RTLD_NEXT, "gettimeofday");
  const int result = real(now, zone);
  now->tv_sec += shift();
  return result;
}
