// Reads many small files that stay open, in one go into one buffer.
//
// The trap: files of control groups are a few bytes each, and reading them is mostly the way into the kernel and back;
// a call into the addon for each would double that. A group that was removed meanwhile answers ENODEV: each text has
// its own errno.
#pragma once

#include <cstddef>
#include <cstdint>

#include "text_sweep.h"

namespace tidemark {

// Up to `most` bytes from the start of each of `count` files. 0, or
// -EOVERFLOW when a text did not fit and nothing in `texts` counts. A descriptor below 0 is answered with -EBADF.
int ReadKept(const int32_t* descriptors, size_t count, size_t most, const SweptTexts& texts);

}  // namespace tidemark
