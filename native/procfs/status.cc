#include "status.h"

#include <cstring>
#include <limits>

#include "digits.h"

namespace tidemark {
namespace {

size_t SkipBlanks(const uint8_t* bytes, size_t at, size_t end) {
  while (at < end && (bytes[at] == ' ' || bytes[at] == '\t')) at++;
  return at;
}

// The known key of [at, colon), trying the one after the last found first; -1 when unknown.
int FindKey(const uint8_t* bytes, size_t at, size_t colon, int next) {
  for (int tried = 0; tried < kStatusFields; tried++) {
    int key = (next + tried) % kStatusFields;
    const char* text = kStatusKeys[key].key;
    if (std::strlen(text) == colon - at && std::memcmp(text, bytes + at, colon - at) == 0) return key;
  }
  return -1;
}

// Stores the number of a known line; false when it holds anything else. A cut last number is left absent.
bool StoreNumber(const uint8_t* bytes, size_t from, size_t end, size_t length, int key, double* fields) {
  size_t start = SkipBlanks(bytes, from, end);
  uint64_t value;
  size_t behind = Decimal(bytes, start, end, &value);
  size_t unit = SkipBlanks(bytes, behind, end);
  bool kilobytes = kStatusKeys[key].kilobytes;
  bool whole =
      kilobytes ? unit + 2 == end && bytes[unit] == 'k' && bytes[unit + 1] == 'B' : behind == end && end < length;
  if (behind == start || !whole) return end == length;
  fields[key] = kilobytes ? static_cast<double>(value) * 1024 : static_cast<double>(value);
  return true;
}

void NoteOther(const uint8_t* bytes, size_t at, size_t colon, size_t end, uint32_t* others, uint32_t* counts) {
  if (counts[0] == kMaxStatusOthers) {
    counts[1]++;
    return;
  }
  size_t start = SkipBlanks(bytes, colon + 1, end);
  uint32_t* other = others + size_t{counts[0]} * kStatusOtherWords;
  other[0] = static_cast<uint32_t>(at);
  other[1] = static_cast<uint32_t>(colon - at);
  other[2] = static_cast<uint32_t>(start);
  other[3] = static_cast<uint32_t>(end - start);
  counts[0]++;
}

}  // namespace

bool TokenizeStatus(const uint8_t* bytes, size_t length, double* fields, uint32_t* others, uint32_t* counts) {
  for (int field = 0; field < kStatusFields; field++) fields[field] = std::numeric_limits<double>::quiet_NaN();
  counts[0] = counts[1] = 0;
  bool any = false;
  int next = 0;
  size_t at = 0;
  while (at < length) {
    const void* newline = std::memchr(bytes + at, '\n', length - at);
    size_t end = newline ? static_cast<size_t>(static_cast<const uint8_t*>(newline) - bytes) : length;
    const void* found = std::memchr(bytes + at, ':', end - at);
    size_t colon = found ? static_cast<size_t>(static_cast<const uint8_t*>(found) - bytes) : at;
    if (colon == at) {
      counts[1]++;
    } else {
      any = true;
      int key = FindKey(bytes, at, colon, next);
      if (key >= 0) next = key + 1;
      if (key < 0 || !StoreNumber(bytes, colon + 1, end, length, key, fields)) {
        NoteOther(bytes, at, colon, end, others, counts);
      }
    }
    at = end + 1;
  }
  return any;
}

}  // namespace tidemark
