// What Debian's compilers and their static libstdc++ and libgcc take from a glibc that is newer than the one that
// Node's own binary needs. Only prebuilt addons are linked with this; see scripts/prebuild.js.
//
// The traps: the functions of the family of stat were wrappers in a static part of older glibcs, around functions that
// carry the version of the structure. And libgcc takes the failure of `_dl_find_object` for a frame without unwind
// tables instead of asking the older `dl_iterate_phdr`: an exception, of which this code throws none, then ends the
// program, as it would anyway among frames of C.
#define _GNU_SOURCE
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#define HIDDEN __attribute__((visibility("hidden")))

#ifdef __x86_64__
enum { kStatVersion = 1 };
#else
enum { kStatVersion = 0 };
#endif

extern int __xstat(int version, const char* path, struct stat* out);
extern int __lxstat(int version, const char* path, struct stat* out);
extern int __fxstat(int version, int fd, struct stat* out);
extern int __fxstatat(int version, int folder, const char* path, struct stat* out, int flags);

HIDDEN int stat(const char* path, struct stat* out) { return __xstat(kStatVersion, path, out); }

HIDDEN int lstat(const char* path, struct stat* out) { return __lxstat(kStatVersion, path, out); }

HIDDEN int fstat(int fd, struct stat* out) { return __fxstat(kStatVersion, fd, out); }

HIDDEN int fstatat(int folder, const char* path, struct stat* out, int flags) {
  return __fxstatat(kStatVersion, folder, path, out, flags);
}

// libstdc++ leaves out atomic operations while this says that there is one thread; it may say so never.
HIDDEN char __libc_single_threaded = 0;

HIDDEN int _dl_find_object(void* address, void* out) {
  (void)address;
  (void)out;
  return -1;
}

// Names that only glibc has, for what any libc offers: libgcc and libstdc++ ask by these.
HIDDEN long __sysconf(int name) { return sysconf(name); }

HIDDEN unsigned long __getauxval(unsigned long type) { return getauxval(type); }
