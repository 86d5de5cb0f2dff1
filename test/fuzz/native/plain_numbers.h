// Numbers read another way than the tokenizers do, by the standard library, to hold theirs against.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace tidemark::fuzz {

struct PlainNumber {
  size_t end;  // as the offset that was given when there is no number
  uint64_t value;
};

inline PlainNumber PlainUnsigned(const uint8_t* bytes, size_t at, size_t length, int base) {
  const char* text = reinterpret_cast<const char*>(bytes);
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text + at, text + length, value, base);
  if (error == std::errc::result_out_of_range) value = std::numeric_limits<uint64_t>::max();
  return {static_cast<size_t>(end - text), error == std::errc::invalid_argument ? 0 : value};
}

// With an optional minus sign: two's complement, saturated before the sign.
inline PlainNumber PlainSigned(const uint8_t* bytes, size_t at, size_t length) {
  if (at >= length || bytes[at] != '-') return PlainUnsigned(bytes, at, length, 10);
  PlainNumber number = PlainUnsigned(bytes, at + 1, length, 10);
  if (number.end == at + 1) return {at, 0};
  return {number.end, uint64_t{0} - number.value};
}

}  // namespace tidemark::fuzz
