// Not a target but a test of them: a read of one byte too many must be seen, in memory as targets have it.
#include <cstring>

#include "hold.h"
#include "padded_text.h"
#include "targets.h"

namespace tidemark::fuzz {

void Breaks(const uint8_t* input, size_t length) {
  PaddedText text(input, length, 0);
  if (length < 6 || std::memcmp(input, "beyond", 6) != 0) return;
  volatile uint8_t byte = text.bytes()[length + kPadding];
  Hold(byte == byte, "a byte is itself");
}

}  // namespace tidemark::fuzz
