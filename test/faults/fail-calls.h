/* What stands between a call and the C library: how it is counted, and the real function behind it. */
#ifndef FAIL_CALLS_H
#define FAIL_CALLS_H

#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

struct Range {
  uintptr_t from, to;
};

/* The addon that this address lies in, or NULL. */
const struct Range* range_of(void* caller);
/* Counts a call: by its path, or by that of its descriptor, or by neither (NULL and -1). The errno with which it is to
 * fail, or 0. */
int asks(const char* function, void* caller, const char* path, int fd);
void* real(const char* name);

#define REAL(name) ((__typeof__(&name))real(#name))
#define CALLER __builtin_return_address(0)
/* One function that says -1 and errno. */
#define WRAP(type, name, parameters, arguments, path, fd, otherwise) \
  type name parameters {                                             \
    const int error = asks(#name, CALLER, path, fd);                 \
    if (error) return errno = error, (type)(otherwise);              \
    return REAL(name) arguments;                                     \
  }
/* One that returns its errno. */
#define WRAP_DIRECT(name, parameters, arguments, fd) \
  int name parameters {                              \
    const int error = asks(#name, CALLER, NULL, fd); \
    return error ? error : REAL(name) arguments;     \
  }
#define WRAP_OPEN(name, parameters, before, path)                             \
  int name parameters {                                                       \
    va_list list;                                                             \
    va_start(list, flags);                                                    \
    const int mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(list, int) : 0; \
    va_end(list);                                                             \
    const int error = asks(#name, CALLER, path, -1);                          \
    if (error) return errno = error, -1;                                      \
    return REAL(name) before;                                                 \
  }

#endif
