#include "same_memory.h"

#include <linux/kcmp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace tidemark {

int CompareMemory(int32_t first, int32_t second) {
  long result = syscall(SYS_kcmp, first, second, KCMP_VM, 0UL, 0UL);
  // 3 is "different, and in no order", which no kernel returns for memory maps.
  return result < 0 ? -errno : static_cast<int>(result);
}

}  // namespace tidemark
