/*
 * Preloaded under valgrind: tells memcheck what PAGEMAP_SCAN has written. Valgrind 3.19 does not know that call of Linux 6.7,
 * and takes all that the kernel answers for memory that nobody has written.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <valgrind/memcheck.h>

struct Region {
  uint64_t start, end, categories;
};

struct ScanArguments {
  uint64_t size, flags, start, end, walk_end, regions, region_count, max_pages;
  uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};

#define PAGEMAP_SCAN _IOWR('f', 16, struct ScanArguments)

int ioctl(int fd, unsigned long request, ...) {
  va_list list;
  va_start(list, request);
  void* argument = va_arg(list, void*);
  va_end(list);
  int (*next)(int, unsigned long, ...) = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
  const int result = next(fd, request, argument);
  if (request == PAGEMAP_SCAN && result >= 0) {
    struct ScanArguments* scan = argument;
    (void)VALGRIND_MAKE_MEM_DEFINED(scan, sizeof *scan);
    (void)VALGRIND_MAKE_MEM_DEFINED((void*)(uintptr_t)scan->regions, result * sizeof(struct Region));
  }
  return result;
}
