// One process of the kind named in $KIND: makes what is odd about it, reports to the keeper on descriptor $READY and stops.
// $MADE names what is made where that is not the kind: the same in another build, or a kind of the child that it makes.
// A kind that this machine refuses is reported as left out, with the reason.
//
// The trap: a stopped process is killed by nothing but SIGKILL, so each asks for that on its parent's death.
#define _GNU_SOURCE
#include "kinds.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

static int ready = -1;
static const char *kind = "";

static void say(const char *name, int pid, const char *why) {
  char line[256];
  int length = snprintf(line, sizeof line, "%s %d %s\n", name, pid, why);
  if (write(ready, line, (size_t)length) != length) _exit(3);
}

void report(const char *name, int pid) { say(name, pid, ""); }

void stop_as(const char *name) {
  report(name, getpid());
  for (;;) raise(SIGSTOP);
}

void leave_out(const char *why) {
  char reason[160];
  snprintf(reason, sizeof reason, "%s: %s", why, strerror(errno));
  say(kind, 0, reason);
  _exit(0);
}

void die_with_parent(void) { prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); }

size_t page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }

char *touched(size_t pages) {
  char *area = mmap(NULL, pages * page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (area == MAP_FAILED) leave_out("mmap");
  memset(area, 1, pages * page_size());
  return area;
}

int main(void) {
  const char *descriptor = getenv("READY");
  if (getenv("KIND") == NULL || descriptor == NULL) return 2;
  // Once more: exec clears it where the effective user is not the real one.
  die_with_parent();
  // A copy, since some kinds write over their environment.
  kind = strdup(getenv("KIND"));
  ready = atoi(descriptor);
  const char *made = getenv("MADE") != NULL ? getenv("MADE") : kind;
  kind_function be = memory_kind(made);
  if (be == NULL) be = process_kind(made);
  // Whatever has nothing to do in here is odd from outside already: its user, its terminal, its arguments.
  if (be != NULL) be();
  stop_as(kind);
  return 0;
}
