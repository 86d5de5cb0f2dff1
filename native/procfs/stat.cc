#include "stat.h"

#include "digits.h"

namespace tidemark {

bool TokenizeStat(const uint8_t* bytes, size_t length, uint64_t* fields, uint32_t* words, size_t most) {
  size_t at = Signed(bytes, 0, length, &fields[0]);
  size_t open = at + 1;
  if (at == 0 || open >= length || bytes[at] != ' ' || bytes[open] != '(') return false;
  // The name is raw and may hold ")": everything counts from the last one.
  size_t close = length - 1;
  while (close > open && bytes[close] != ')') close--;
  if (close <= open) return false;
  if (close + 2 >= length || bytes[close + 1] != ' ') return false;
  size_t count = 3;
  at = close + 3;
  while (count < most && at < length && bytes[at] == ' ') {
    size_t end = Signed(bytes, at + 1, length, &fields[count]);
    // At the end of a text without a last newline the number itself may be cut: then it is not known.
    if (end == at + 1 || end == length) break;
    at = end;
    count++;
  }
  words[kStatCount] = static_cast<uint32_t>(count);
  words[kStatState] = bytes[close + 2];
  words[kStatCommStart] = static_cast<uint32_t>(open + 1);
  words[kStatCommLength] = static_cast<uint32_t>(close - open - 1);
  return count > kStatStarttime;
}

}  // namespace tidemark
