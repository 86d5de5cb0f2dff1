// Numbers as the kernel prints them.
//
// The trap: several fields use all 64 bits. A number above 2^64-1 saturates; conversion to double rounds once. The twin
// in TypeScript gives the same bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace tidemark {

// Each function starts at `at` and returns the offset behind the number, which is `at` when there is none.

inline size_t Decimal(const uint8_t* bytes, size_t at, size_t length, uint64_t* out) {
  uint64_t value = 0;
  bool saturated = false;
  for (; at < length; at++) {
    unsigned digit = bytes[at] - unsigned{'0'};
    if (digit > 9) break;
    saturated |= __builtin_mul_overflow(value, uint64_t{10}, &value);
    saturated |= __builtin_add_overflow(value, uint64_t{digit}, &value);
  }
  *out = saturated ? std::numeric_limits<uint64_t>::max() : value;
  return at;
}

// With an optional minus sign: two's complement.
inline size_t Signed(const uint8_t* bytes, size_t at, size_t length, uint64_t* out) {
  if (at >= length || bytes[at] != '-') return Decimal(bytes, at, length, out);
  uint64_t value;
  size_t end = Decimal(bytes, at + 1, length, &value);
  if (end == at + 1) return at;
  *out = ~value + 1;
  return end;
}

// Value of a hexadecimal digit, or 255.
struct HexTable {
  uint8_t value[256];
  constexpr HexTable() : value() {
    for (int code = 0; code < 256; code++) {
      value[code] = code >= '0' && code <= '9'   ? code - '0'
                    : code >= 'a' && code <= 'f' ? code - 'a' + 10
                    : code >= 'A' && code <= 'F' ? code - 'A' + 10
                                                 : 255;
    }
  }
};
inline constexpr HexTable kHex;

inline size_t Hex(const uint8_t* bytes, size_t at, size_t length, uint64_t* out) {
  uint64_t value = 0;
  uint64_t lost = 0;
  for (; at < length; at++) {
    uint8_t digit = kHex.value[bytes[at]];
    if (digit == 255) break;
    lost |= value >> 60;
    value = value << 4 | digit;
  }
  *out = lost ? std::numeric_limits<uint64_t>::max() : value;
  return at;
}

}  // namespace tidemark
