// Whether two processes run in one memory map: what vfork and clone with CLONE_VM leave behind, and no file tells.
#pragma once

#include <cstdint>

namespace tidemark {

// 0 when they share one, 1 and 2 when the first is below or above the second in an order that is fixed while both live,
// or a negative errno: EPERM where we may not trace both, ESRCH where one has ended, ENOSYS where the kernel cannot
// tell.
int CompareMemory(int32_t first, int32_t second);

}  // namespace tidemark
