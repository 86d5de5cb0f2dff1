#include "kept_reads.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "../procfs/padding.h"

namespace tidemark {

int ReadKept(const int32_t* descriptors, size_t count, size_t most, const SweptTexts& texts) {
  const size_t room = texts.size - kPadding;
  size_t at = 0;
  for (size_t i = 0; i < count; i++) {
    const size_t size = std::min(most, room - at);
    texts.starts[i] = static_cast<uint32_t>(at);
    ssize_t got;
    do {
      got = pread(descriptors[i], texts.bytes + at, size, 0);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
      texts.lengths[i] = -errno;
      continue;
    }
    if (size < most && static_cast<size_t>(got) == size) return -EOVERFLOW;
    texts.lengths[i] = static_cast<int32_t>(got);
    at += static_cast<size_t>(got);
  }
  return 0;
}

}  // namespace tidemark
