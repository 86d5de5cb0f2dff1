/*
 * Preloaded into `tidemark`: counts the calls into the C library that the addon makes, and those of Node that concern
 * files, and lets one of them fail.
 *
 *   FAULTS_TABLE=FILE   where the counts go: a table of struct Site in shared memory, so that it outlives any end
 *   FAULTS_FAIL=...     "FIRST COUNT ERRNO KEY": of the calls under that key those from FIRST (1 is the first one)
 * fail, COUNT of them, 0 for all from there on
 *   FAULTS_LOG=TEXT     what the kernel says of programs that it does not take
 *
 * With "*" for the key every FIRST-th call of each key fails. Allocations of the addon that can fail count as calls
 * too. A key is "addon FUNCTION OFFSET" for a place in the addon that calls ("bpf" in the second addon), and "node
 * FUNCTION PATH" for Node, digits of the path written as N. Nothing is counted before the addon is loaded: what Node
 * needs to start is Node's own business. The trap: Node ends by design where an event loop or memory of its own cannot
 * be had, so of its calls only those count that are about a file which the recorder asked for.
 */
#define _GNU_SOURCE
#include "fail-calls.h"

#include <ctype.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SITES 512

struct Site {
  char key[120];
  uint32_t calls;
  uint32_t failed;
};

static struct Site* table;
static struct Range addon, kernel_addon, program;
static int armed;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char fail_key[120];
static uint32_t fail_first, fail_count;
static int fail_errno;

void* real(const char* name) { return dlsym(RTLD_NEXT, name); }

__attribute__((constructor)) static void begin(void) {
  const char* path = getenv("FAULTS_TABLE");
  if (!path) return;
  int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void* memory = (void*)syscall(SYS_mmap, 0, SITES * sizeof(struct Site), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  syscall(SYS_close, fd);
  if (memory == MAP_FAILED) return;
  table = memory;
  const char* fail = getenv("FAULTS_FAIL");
  if (fail) sscanf(fail, "%u %u %d %119[^\n]", &fail_first, &fail_count, &fail_errno, fail_key);
}

struct Wanted {
  uintptr_t base;
  struct Range* range;
};

static int find(struct dl_phdr_info* info, size_t size, void* argument) {
  (void)size;
  struct Wanted* wanted = argument;
  const int is_program = wanted->base == 0 && info->dlpi_name[0] == 0;
  if (!is_program && (wanted->base == 0 || info->dlpi_addr != wanted->base)) return 0;
  struct Range range = {UINTPTR_MAX, 0};
  for (int i = 0; i < info->dlpi_phnum; i++) {
    if (info->dlpi_phdr[i].p_type != PT_LOAD) continue;
    const uintptr_t from = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr, to = from + info->dlpi_phdr[i].p_memsz;
    if (from < range.from) range.from = from;
    if (to > range.to) range.to = to;
  }
  *wanted->range = range;
  return 1;
}

void* dlopen(const char* file, int flags) {
  void* handle = REAL(dlopen)(file, flags);
  const char* name = file ? strrchr(file, '/') : NULL;
  if (!table || !handle || !name) return handle;
  struct Wanted wanted = {((struct link_map*)handle)->l_addr, NULL};
  if (strcmp(name, "/tidemark.node") == 0) wanted.range = &addon;
  if (strcmp(name, "/tidemark_bpf.node") == 0) wanted.range = &kernel_addon;
  if (!wanted.range || wanted.range->to != 0) return handle;
  dl_iterate_phdr(find, &wanted);
  wanted = (struct Wanted){0, &program};
  dl_iterate_phdr(find, &wanted);
  __atomic_store_n(&armed, 1, __ATOMIC_RELEASE);
  return handle;
}

/* Counts a call under a key; the errno with which it is to fail, or 0. */
static int count(const char* key) {
  int error = 0;
  REAL(pthread_mutex_lock)(&lock);
  for (int i = 0; i < SITES; i++) {
    struct Site* site = &table[i];
    if (site->key[0] == 0) strncpy(site->key, key, sizeof site->key - 1);
    if (strcmp(site->key, key) != 0) continue;
    site->calls++;
    /* A disk does not fail by turns, and that one failed is rightly how a recording ends: its file is left out. */
    const int is_each = fail_errno != 0 && strcmp(fail_key, "*") == 0 && !strstr(key, "recording") &&
                        !strstr(key, "fdatasync") && site->calls % fail_first == 0;
    const int is_meant = fail_errno != 0 && site->calls >= fail_first && strcmp(key, fail_key) == 0;
    if (is_each || (is_meant && (fail_count == 0 || site->calls < fail_first + fail_count))) {
      site->failed++;
      error = fail_errno;
    }
    break;
  }
  REAL(pthread_mutex_unlock)(&lock);
  return error;
}

static int is_in(const struct Range* range, void* caller) {
  return (uintptr_t)caller >= range->from && (uintptr_t)caller < range->to;
}

/* The path in a key: what is made up at random, or counts processes, is the same in each run. False for what the
 * recorder did not ask for. */
static int words_of(const char* path, char* out, size_t size) {
  const char* end = strstr(path, ".tide");
  if (end) return snprintf(out, size, "recording%s", end + 5), 1;
  if (strncmp(path, "/sys/fs/cgroup", 14) == 0) {
    /* One group of the host is as good as another. */
    const char* last = strrchr(path, '/') + 1;
    return snprintf(out, size, "/sys/fs/cgroup/%s", strchr(last, '.') ? last : "*"), 1;
  }
  if (strncmp(path, "/proc", 5) != 0 && strncmp(path, "/sys", 4) != 0 && strncmp(path, "/etc", 4) != 0) return 0;
  size_t at = 0;
  for (const char* byte = path; *byte && at + 1 < size; byte++) {
    const int is_digit = isdigit((unsigned char)*byte);
    if (!is_digit || at == 0 || out[at - 1] != 'N') out[at++] = is_digit ? 'N' : *byte;
  }
  out[at] = 0;
  return 1;
}

const struct Range* range_of(void* caller) {
  if (is_in(&addon, caller)) return &addon;
  return is_in(&kernel_addon, caller) ? &kernel_addon : NULL;
}

int asks(const char* function, void* caller, const char* path, int fd) {
  if (!__atomic_load_n(&armed, __ATOMIC_ACQUIRE)) return 0;
  char key[120];
  const struct Range* own = range_of(caller);
  if (own) {
    snprintf(key, sizeof key, "%s %s 0x%lx", own == &addon ? "addon" : "bpf", function,
             (unsigned long)((uintptr_t)caller - own->from));
    return count(key);
  }
  if (!is_in(&program, caller)) return 0;
  char words[96], link[32], target[256];
  if (!path && fd >= 0) {
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const long length = syscall(SYS_readlinkat, AT_FDCWD, link, target, sizeof target - 1);
    if (length <= 0) return 0;
    target[length] = 0;
    path = target;
  }
  if (path && !words_of(path, words, sizeof words)) return 0;
  snprintf(key, sizeof key, "node %s %s", function, path ? words : "");
  return count(key);
}
