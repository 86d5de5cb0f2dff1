// Kinds of processes: threads, kin, names, rights. Some make a second process, which reports under a kind of its own.
//
// The trap: the parent of a vfork waits uninterruptibly until its child is gone, so it never stops; it does not change
// either, and the child reports it.
#define _GNU_SOURCE
#include "kinds.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void *sleep_for_ever(void *nothing) {
  for (;;) pause();
  return nothing;
}

static void start_thread(size_t stack, size_t guard, const char *name) {
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  if (stack > 0) pthread_attr_setstacksize(&attributes, stack);
  pthread_attr_setguardsize(&attributes, guard);
  errno = pthread_create(&thread, &attributes, sleep_for_ever, NULL);
  if (errno != 0) leave_out("pthread_create");
  pthread_setname_np(thread, name);
}

static void many_threads(void) {
  for (int i = 0; i < 64; i++) {
    char name[16];
    snprintf(name, sizeof name, "worker (%d)", i);
    start_thread(64 << 10, page_size(), name);
  }
}

static void odd_stacks(void) {
  static const size_t kilobytes[] = {16, 68, 132, 1000, 3 << 10, 40 << 10, 200 << 10};
  for (size_t i = 0; i < sizeof kilobytes / sizeof *kilobytes; i++) {
    start_thread(kilobytes[i] << 10, (i % 3) * 4 * page_size(), "odd");
  }
}

// fork without the C library's: also usable where the child shares the memory.
static int share_memory(void *nothing) {
  (void)nothing;
  die_with_parent();
  stop_as("shared-mm-child");
  return 0;
}

static void shared_mm(void) {
  char *stack = touched(16);
  if (clone(share_memory, stack + 16 * page_size(), CLONE_VM | SIGCHLD, NULL) < 0) leave_out("clone");
}

static void vfork_child(void) {
  pid_t parent = getpid();
  if (vfork() == 0) {
    die_with_parent();
    report("vfork-parent", parent);
    stop_as("vfork-child");
  }
}

static void forked(void) {
  char *area = touched(512);
  if (fork() == 0) {
    die_with_parent();
    memset(area, 2, 128 * page_size());
    stop_as("forked-child");
  }
}

// A leader that is gone while its thread lives: a zombie to look at, with threads.
static void *outlive_leader(void *leader) {
  pthread_join(*(pthread_t *)leader, NULL);
  stop_as("zombie-leader");
  return NULL;
}

static void zombie_leader(void) {
  static pthread_t leader, thread;
  leader = pthread_self();
  if (pthread_create(&thread, NULL, outlive_leader, &leader) != 0) leave_out("pthread_create");
  pthread_exit(NULL);
}

static void traced(void) {
  pid_t child = fork();
  if (child == 0) {
    die_with_parent();
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGUSR1);
    _exit(0);
  }
  int status;
  if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) leave_out("ptrace");
  report("traced", child);
  stop_as("tracer");
}

static void set_comm(void) { prctl(PR_SET_NAME, getenv("COMM"), 0, 0, 0); }

// What setproctitle does: a title over the arguments and, being longer, over the environment behind them.
static void rewrite_arguments(void) {
  FILE *stat = fopen("/proc/self/stat", "r");
  char text[2048];
  size_t length = fread(text, 1, sizeof text - 1, stat);
  text[length] = 0;
  fclose(stat);
  // Fields 48 to 51 of stat, counted from the one after the name: arg_start, arg_end, env_start, env_end.
  unsigned long start = 0, end = 0, env_end = 0;
  char *field = strrchr(text, ')') + 2;
  for (int i = 3; i <= 51 && field != NULL; i++) {
    unsigned long value = strtoul(field, NULL, 10);
    if (i == 48) start = value;
    if (i == 49) end = value;
    if (i == 51) env_end = value;
    field = strchr(field, ' ');
    if (field != NULL) field++;
  }
  if (start == 0) leave_out("arg_start");
  if (getenv("TITLE")[0] == 0) {
    memset((char *)start, 0, end - start);
    return;
  }
  char title[1024];
  snprintf(title, sizeof title, "%s", getenv("TITLE"));
  memset((char *)start, 0, env_end - start);
  snprintf((char *)start, env_end - start, "%s", title);
}

static void unreadable(void) {
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) leave_out("PR_SET_DUMPABLE");
}

// The largest pid there may be, or one just below.
static void large_pid(void) {
  FILE *file = fopen("/proc/sys/kernel/pid_max", "r");
  int most = 0;
  if (file == NULL || fscanf(file, "%d", &most) != 1) leave_out("pid_max");
  fclose(file);
  for (pid_t wanted = most - 1; wanted > most - 100; wanted--) {
    struct clone_args args = {.exit_signal = SIGCHLD, .set_tid = (uintptr_t)&wanted, .set_tid_size = 1};
    long child = syscall(SYS_clone3, &args, sizeof args);
    if (child == 0) {
      die_with_parent();
      stop_as("large-pid");
    }
    if (child > 0) stop_as("large-pid-parent");
    if (errno != EEXIST) break;
  }
  leave_out("clone3");
}

static void realtime(void) {
  struct sched_param param = {.sched_priority = 7};
  int policy = strcmp(getenv("KIND"), "fifo") == 0 ? SCHED_FIFO : SCHED_RR;
  if (sched_setscheduler(0, policy, &param) != 0) leave_out("sched_setscheduler");
}

static void batch(void) {
  struct sched_param param = {0};
  int policy = strcmp(getenv("KIND"), "batch") == 0 ? SCHED_BATCH : SCHED_IDLE;
  if (sched_setscheduler(0, policy, &param) != 0) leave_out("sched_setscheduler");
}

static const struct {
  const char *name;
  kind_function be;
} KINDS[] = {
    {"many-threads", many_threads},
    {"odd-stacks", odd_stacks},
    {"shared-mm", shared_mm},
    {"vfork-child", vfork_child},
    {"forked", forked},
    {"zombie-leader", zombie_leader},
    {"traced", traced},
    {"unreadable", unreadable},
    {"large-pid", large_pid},
    {"fifo", realtime},
    {"rr", realtime},
    {"batch", batch},
    {"idle", batch},
};

kind_function process_kind(const char *name) {
  if (strncmp(name, "comm-", 5) == 0) return set_comm;
  if (strncmp(name, "title-", 6) == 0) return rewrite_arguments;
  for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
    if (strcmp(KINDS[i].name, name) == 0) return KINDS[i].be;
  }
  return NULL;
}
