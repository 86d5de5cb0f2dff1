/* The calls that fail-calls.c lets fail. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fail-calls.h"

WRAP_OPEN(open, (const char* path, int flags, ...), (path, flags, mode), path)
WRAP_OPEN(open64, (const char* path, int flags, ...), (path, flags, mode), path)
WRAP_OPEN(openat, (int at, const char* path, int flags, ...), (at, path, flags, mode), path)
WRAP_OPEN(openat64, (int at, const char* path, int flags, ...), (at, path, flags, mode), path)
WRAP(ssize_t, read, (int fd, void* to, size_t size), (fd, to, size), NULL, fd, -1)
WRAP(ssize_t, pread, (int fd, void* to, size_t size, off_t at), (fd, to, size, at), NULL, fd, -1)
WRAP(ssize_t, pread64, (int fd, void* to, size_t size, off64_t at), (fd, to, size, at), NULL, fd, -1)
WRAP(ssize_t, write, (int fd, const void* from, size_t size), (fd, from, size), NULL, fd, -1)
WRAP(ssize_t, pwrite, (int fd, const void* from, size_t size, off_t at), (fd, from, size, at), NULL, fd, -1)
WRAP(ssize_t, pwrite64, (int fd, const void* from, size_t size, off64_t at), (fd, from, size, at), NULL, fd, -1)
WRAP(ssize_t, readv, (int fd, const struct iovec* all, int size), (fd, all, size), NULL, fd, -1)
WRAP(ssize_t, writev, (int fd, const struct iovec* all, int size), (fd, all, size), NULL, fd, -1)
WRAP(int, fsync, (int fd), (fd), NULL, fd, -1)
WRAP(int, fdatasync, (int fd), (fd), NULL, fd, -1)
WRAP(int, ftruncate, (int fd, off_t size), (fd, size), NULL, fd, -1)
WRAP(int, ftruncate64, (int fd, off64_t size), (fd, size), NULL, fd, -1)
WRAP(off64_t, lseek64, (int fd, off64_t at, int from), (fd, at, from), NULL, fd, -1)
WRAP(int, fstat64, (int fd, struct stat64* out), (fd, out), NULL, fd, -1)
WRAP(int, fstatfs64, (int fd, struct statfs64* out), (fd, out), NULL, fd, -1)
WRAP(int, flock, (int fd, int how), (fd, how), NULL, fd, -1)
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode), NULL, fd, -1)
WRAP(int, fchown, (int fd, uid_t user, gid_t group), (fd, user, group), NULL, fd, -1)
WRAP(int, dup3, (int from, int to, int flags), (from, to, flags), NULL, from, -1)
WRAP(int, mkdir, (const char* path, mode_t mode), (path, mode), path, -1, -1)
WRAP(int, unlink, (const char* path), (path), path, -1, -1)
WRAP(int, rename, (const char* from, const char* to), (from, to), from, -1, -1)
WRAP(int, access, (const char* path, int mode), (path, mode), path, -1, -1)
WRAP(ssize_t, readlink, (const char* path, char* to, size_t size), (path, to, size), path, -1, -1)
WRAP(char*, realpath, (const char* path, char* to), (path, to), path, -1, 0)
WRAP(DIR*, opendir, (const char* path), (path), path, -1, 0)
WRAP(int, sched_setaffinity, (pid_t pid, size_t size, const cpu_set_t* set), (pid, size, set), "/proc/affinity", -1, -1)
WRAP(int, sched_getaffinity, (pid_t pid, size_t size, cpu_set_t* set), (pid, size, set), "/proc/affinity", -1, -1)
WRAP(int, sched_setscheduler, (pid_t pid, int how, const struct sched_param* with), (pid, how, with), "/proc/scheduler",
     -1, -1)
WRAP(int, socketpair, (int domain, int type, int protocol, int ends[2]), (domain, type, protocol, ends), "/proc/socketpair",
     -1, -1)
WRAP_DIRECT(posix_fallocate64, (int fd, off64_t at, off64_t size), (fd, at, size), fd)

int scandir64(const char* path, struct dirent64*** out, int (*takes)(const struct dirent64*),
              int (*compare)(const struct dirent64**, const struct dirent64**)) {
  const int error = asks("scandir64", CALLER, path, -1);
  if (error) return errno = error, -1;
  return REAL(scandir64)(path, out, takes, compare);
}

struct dirent64* readdir64(DIR* folder) {
  const int error = asks("readdir64", CALLER, NULL, dirfd(folder));
  if (error) return errno = error, NULL;
  return REAL(readdir64)(folder);
}

/* Only of the addon: V8 ends where it does not get memory. */
void* mmap64(void* at, size_t size, int protection, int flags, int fd, off64_t from) {
  const int error = range_of(CALLER) ? asks("mmap64", CALLER, NULL, fd) : 0;
  if (error) return errno = error, MAP_FAILED;
  return REAL(mmap64)(at, size, protection, flags, fd, from);
}

int madvise(void* at, size_t size, int advice) {
  const int error = range_of(CALLER) ? asks("madvise", CALLER, NULL, -1) : 0;
  if (error) return errno = error, -1;
  return REAL(madvise)(at, size, advice);
}

/* Only of the addon: Node starts nothing that a recorder needs, and reads no such stream. */
int posix_spawn(pid_t* pid, const char* file, const posix_spawn_file_actions_t* files,
                const posix_spawnattr_t* attributes, char* const arguments[], char* const environment[]) {
  const int error = range_of(CALLER) ? asks("posix_spawn", CALLER, NULL, -1) : 0;
  return error ? error : REAL(posix_spawn)(pid, file, files, attributes, arguments, environment);
}

pid_t waitpid(pid_t pid, int* status, int how) {
  const int error = range_of(CALLER) ? asks("waitpid", CALLER, NULL, -1) : 0;
  if (error) return errno = error, -1;
  return REAL(waitpid)(pid, status, how);
}

FILE* fopen64(const char* path, const char* how) {
  const int error = range_of(CALLER) ? asks("fopen64", CALLER, NULL, -1) : 0;
  if (error) return errno = error, NULL;
  return REAL(fopen64)(path, how);
}

/* Of Node: its worker thread, which it says by an error. */
int pthread_create(pthread_t* thread, const pthread_attr_t* how, void* (*run)(void*), void* with) {
  const int error = asks("pthread_create", CALLER, NULL, -1);
  return error ? error : REAL(pthread_create)(thread, how, run, with);
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec* until, struct timespec* left) {
  const int error = range_of(CALLER) ? asks("clock_nanosleep", CALLER, NULL, -1) : 0;
  return error ? error : REAL(clock_nanosleep)(clock, flags, until, left);
}

/* A descriptor is given back all the same, as the kernel does. */
int close(int fd) {
  const int error = asks("close", CALLER, NULL, fd);
  const int closed = REAL(close)(fd);
  if (error) return errno = error, -1;
  return closed;
}

int fcntl64(int fd, int what, ...) {
  va_list list;
  va_start(list, what);
  void* with = va_arg(list, void*);
  va_end(list);
  const int error = range_of(CALLER) ? asks("fcntl64", CALLER, NULL, fd) : 0;
  if (error) return errno = error, -1;
  return REAL(fcntl64)(fd, what, with);
}

int ioctl(int fd, unsigned long what, ...) {
  va_list list;
  va_start(list, what);
  void* with = va_arg(list, void*);
  va_end(list);
  const int error = range_of(CALLER) ? asks("ioctl", CALLER, NULL, fd) : 0;
  if (error) return errno = error, -1;
  return REAL(ioctl)(fd, what, with);
}

/* Memory whose size the input decides: what grows says so when it cannot. Small objects of the addon are Node's kind of
 * trouble: there a process ends that gets no memory. */
#define LARGE 4096

/* As a compiler may write a realloc of nothing. Not by `real`, which asks malloc for memory itself. */
extern void* __libc_malloc(size_t size);

void* malloc(size_t size) {
  const int error = range_of(CALLER) ? asks("malloc", CALLER, NULL, -1) : 0;
  if (error) return errno = error, NULL;
  return __libc_malloc(size);
}

void* realloc(void* memory, size_t size) {
  const int error = range_of(CALLER) ? asks("realloc", CALLER, NULL, -1) : 0;
  if (error) return errno = error, NULL;
  return REAL(realloc)(memory, size);
}

/* new (std::nothrow) T[] and T; and those that may not fail, which therefore must not be large. */
void* _ZnamRKSt9nothrow_t(size_t size, const void* nothrow) {
  if (range_of(CALLER) && asks("new[]", CALLER, NULL, -1)) return NULL;
  return ((void* (*)(size_t, const void*))real("_ZnamRKSt9nothrow_t"))(size, nothrow);
}

void* _ZnwmRKSt9nothrow_t(size_t size, const void* nothrow) {
  if (range_of(CALLER) && asks("new", CALLER, NULL, -1)) return NULL;
  return ((void* (*)(size_t, const void*))real("_ZnwmRKSt9nothrow_t"))(size, nothrow);
}

void* _Znwm(size_t size) {
  if (size >= LARGE && range_of(CALLER)) asks("throwing-new", CALLER, NULL, -1);
  return ((void* (*)(size_t))real("_Znwm"))(size);
}

/* What the verifier would have said of programs that are not loaded, by FAULTS_LOG, to who asked for a log. */
static void tell_log(long number, const long* with) {
  const char* text = getenv("FAULTS_LOG");
  if (!text || number != SYS_bpf || with[0] != BPF_PROG_TEST_RUN) return;
  /* The beginning of the context of a program that loads others: its size, flags, level, size and place of the log. */
  const struct {
    uint32_t bytes, flags, level, log_bytes;
    uint64_t log;
  }* context = (const void*)(uintptr_t)((const union bpf_attr*)with[1])->test.ctx_in;
  if (context && context->level > 0) snprintf((char*)(uintptr_t)context->log, context->log_bytes, "%s", text);
}

/* getdents64, gettid and kcmp of the addon, statx of libuv. */
long syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  long with[6];
  for (int i = 0; i < 6; i++) with[i] = va_arg(list, long);
  va_end(list);
  int error = 0;
  if (range_of(CALLER)) {
    char name[32];
    snprintf(name, sizeof name, "syscall-%ld", number);
    error = number == SYS_gettid ? 0 : asks(name, CALLER, NULL, -1);
    if (error) tell_log(number, with);
  } else if (number == SYS_statx && with[1] != 0 && *(const char*)with[1] != 0) {
    error = asks("statx", CALLER, (const char*)with[1], -1);
  }
  if (error) return errno = error, -1;
  return REAL(syscall)(number, with[0], with[1], with[2], with[3], with[4], with[5]);
}

int statx(int at, const char* path, int flags, unsigned mask, struct statx* out) {
  const int error = *path ? asks("statx", CALLER, path, -1) : asks("statx", CALLER, NULL, at);
  if (error) return errno = error, -1;
  return REAL(statx)(at, path, flags, mask, out);
}
