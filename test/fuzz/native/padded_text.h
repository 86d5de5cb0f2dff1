// A text in memory of exactly its size and the padding, so that AddressSanitizer sees the first byte beyond.
//
// The trap: a byte read from the padding goes unnoticed as long as it changes nothing. So each text is read before
// several paddings, each of which would go on with what is cut at its end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "../../../native/procfs/padding.h"

namespace tidemark::fuzz {

constexpr const char* kPaddings[] = {
    "\n", "7", " kB\n", "f", "_Dirty:         9 kB\n", ") R 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22\n",
};
constexpr size_t kPaddingKinds = sizeof kPaddings / sizeof *kPaddings;

class PaddedText {
 public:
  PaddedText(const uint8_t* text, size_t length, size_t padding)
      : length_(length), bytes_(new uint8_t[length + kPadding]) {
    if (length > 0) std::memcpy(bytes_.get(), text, length);
    const char* pattern = kPaddings[padding % kPaddingKinds];
    const size_t period = std::strlen(pattern);
    for (size_t at = 0; at < kPadding; at++) bytes_[length + at] = static_cast<uint8_t>(pattern[at % period]);
  }

  const uint8_t* bytes() const { return bytes_.get(); }
  size_t length() const { return length_; }

 private:
  size_t length_;
  std::unique_ptr<uint8_t[]> bytes_;
};

// A padding for this text, always the same for the same text.
inline size_t PaddingFor(const uint8_t* text, size_t length) {
  return length == 0 ? 0 : (text[length - 1] + text[length / 2] + length) % kPaddingKinds;
}

// Offset of the first line that begins in the second half of the text; `length` when there is none.
inline size_t MiddleLine(const uint8_t* text, size_t length) {
  const void* newline = length == 0 ? nullptr : std::memchr(text + length / 2, '\n', length - length / 2);
  return newline ? static_cast<size_t>(static_cast<const uint8_t*>(newline) - text) + 1 : length;
}

}  // namespace tidemark::fuzz
