#include "maps.h"

#include <cstring>

#include "digits.h"

namespace tidemark {
namespace {

// Offset behind one or more spaces at `at`, or kNoMapping when there is none.
inline size_t SkipGap(const uint8_t* bytes, size_t at, size_t length) {
  if (at >= length || bytes[at] != ' ') return kNoMapping;
  do at++;
  while (at < length && bytes[at] == ' ');
  return at;
}

// The number at `at` as 32 bits, saturated.
inline size_t HexWord(const uint8_t* bytes, size_t at, size_t length, uint32_t* out) {
  uint64_t value = 0;
  size_t end = Hex(bytes, at, length, &value);
  *out = value > 0xffffffff ? 0xffffffff : static_cast<uint32_t>(value);
  return end;
}

// The four permission letters as bits, or -1.
inline int PermissionBits(const uint8_t* letters) {
  int bits = 0;
  if (letters[0] == 'r')
    bits |= kRead;
  else if (letters[0] != '-')
    return -1;
  if (letters[1] == 'w')
    bits |= kWrite;
  else if (letters[1] != '-')
    return -1;
  if (letters[2] == 'x')
    bits |= kExecute;
  else if (letters[2] != '-')
    return -1;
  if (letters[3] == 's')
    bits |= kShared;
  else if (letters[3] != 'p')
    return -1;
  return bits;
}

}  // namespace

void StartTable(MappingTable& table, const uint8_t* bytes, size_t length) {
  std::memset(table.header, 0, kHeaderWords * sizeof *table.header);
  table.header[kUnterminated] = length > 0 && bytes[length - 1] != '\n';
}

void NoteMalformed(MappingTable& table, size_t at) {
  if (table.header[kMalformedLines]++ == 0) table.header[kFirstMalformed] = static_cast<uint32_t>(at);
}

size_t LineEnd(const uint8_t* bytes, size_t at, size_t length) {
  if (at >= length) return length;
  const void* newline = std::memchr(bytes + at, '\n', length - at);
  return newline ? static_cast<size_t>(static_cast<const uint8_t*>(newline) - bytes) : length;
}

size_t TokenizeHead(const uint8_t* bytes, size_t from, size_t length, MappingTable& table, size_t row) {
  uint64_t* const address = table.addresses + row;
  uint32_t* const word = table.words + row;
  const size_t capacity = table.capacity;

  size_t at = Hex(bytes, from, length, &address[kStart * capacity]);
  if (at == from || at >= length || bytes[at] != '-') return kNoMapping;
  size_t end = Hex(bytes, at + 1, length, &address[kEnd * capacity]);
  if (end == at + 1) return kNoMapping;
  at = SkipGap(bytes, end, length);
  if (at == kNoMapping || at + 4 > length) return kNoMapping;
  int perms = PermissionBits(bytes + at);
  if (perms < 0) return kNoMapping;
  table.perms[row] = static_cast<uint8_t>(perms);
  at = SkipGap(bytes, at + 4, length);
  if (at == kNoMapping) return kNoMapping;
  end = Hex(bytes, at, length, &address[kOffset * capacity]);
  if (end == at) return kNoMapping;
  at = SkipGap(bytes, end, length);
  if (at == kNoMapping) return kNoMapping;
  end = HexWord(bytes, at, length, &word[kDeviceMajor * capacity]);
  if (end == at || end >= length || bytes[end] != ':') return kNoMapping;
  at = end + 1;
  end = HexWord(bytes, at, length, &word[kDeviceMinor * capacity]);
  if (end == at) return kNoMapping;
  at = SkipGap(bytes, end, length);
  if (at == kNoMapping) return kNoMapping;
  end = Decimal(bytes, at, length, &address[kInode * capacity]);
  if (end == at || (end < length && bytes[end] != ' ' && bytes[end] != '\n')) return kNoMapping;
  at = end;
  while (at < length && bytes[at] == ' ') at++;
  end = LineEnd(bytes, at, length);
  word[kNameStart * capacity] = static_cast<uint32_t>(at);
  word[kNameLength * capacity] = static_cast<uint32_t>(end - at);
  word[kFlagsStart * capacity] = kNoSpan;
  word[kFlagsLength * capacity] = 0;
  word[kFirstOther * capacity] = table.header[kOthers];
  word[kOtherCount * capacity] = 0;
  return end;
}

void TokenizeMaps(const uint8_t* bytes, size_t length, MappingTable& table) {
  StartTable(table, bytes, length);
  size_t at = 0;
  size_t row = 0;
  while (at < length) {
    if (row == table.capacity) {
      table.header[kFull] = 1;
      break;
    }
    size_t end = TokenizeHead(bytes, at, length, table, row);
    if (end != kNoMapping) {
      at = end + 1;
      row++;
    } else {
      NoteMalformed(table, at);
      at = LineEnd(bytes, at, length) + 1;
    }
  }
  table.header[kRows] = static_cast<uint32_t>(row);
}

}  // namespace tidemark
