#include "stat_rows.h"

#include <algorithm>

#include "digits.h"

namespace tidemark {
namespace {

// The number at `at`, rounded once.
double Rounded(const uint8_t* bytes, size_t at, size_t length) {
  bool is_negative = at < length && bytes[at] == '-';
  uint64_t value;
  Decimal(bytes, is_negative ? at + 1 : at, length, &value);
  double rounded = static_cast<double>(value);
  return is_negative ? -rounded : rounded;
}

}  // namespace

void TokenizeStatRows(const uint8_t* bytes, const uint32_t* starts, const int32_t* lengths, size_t stride, size_t rows,
                      double* numbers, uint32_t* words) {
  for (size_t row = 0; row < rows; row++) {
    double* fields = numbers + row * kStatFields;
    uint32_t* word = words + row * kStatRowWords;
    std::fill(fields, fields + kStatFields, 0.0);
    word[0] = 0;
    int32_t bytes_here = lengths[row * stride];
    if (bytes_here <= 0) continue;
    size_t start = starts[row * stride];
    size_t length = start + static_cast<size_t>(bytes_here);
    size_t at = start;
    while (at < length && bytes[at] >= '0' && bytes[at] <= '9') at++;
    if (at == start || at + 1 >= length || bytes[at] != ' ' || bytes[at + 1] != '(') continue;
    size_t name = at + 2;
    // The name is raw and may hold ")": everything counts from the last one.
    size_t close = length - 1;
    while (close >= name && bytes[close] != ')') close--;
    if (close < name) continue;
    size_t count = 2;
    for (at = close + 1; at < length && bytes[at] == ' ' && count < kStatFields; count++) {
      if (count > 2) fields[count] = Rounded(bytes, at + 1, length);
      at++;
      while (at < length && bytes[at] != ' ' && bytes[at] != '\n') at++;
    }
    // At the end of a text that was cut, the last number may be cut as well.
    if (at == length) fields[--count] = 0;
    if (count <= kStatStarttime) continue;
    word[0] = static_cast<uint32_t>(count);
    word[1] = bytes[close + 2];
    word[2] = static_cast<uint32_t>(name);
    word[3] = static_cast<uint32_t>(close);
  }
}

}  // namespace tidemark
