#include "smaps.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "digits.h"
#include "maps.h"
#include "padding.h"

namespace tidemark {
namespace {

constexpr int kVmFlags = kSmapsColumns;
constexpr int kKeys = kSmapsColumns + 1;
constexpr int kUnknown = -1;
constexpr size_t kOrderLength = 64;
static_assert(kSmapsColumns < 32, "the columns of a row fit one mask");

inline uint64_t Load64(const uint8_t* bytes) {
  uint64_t value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

// What a line of a known key looks like when the kernel prints it: the key padded to 16 bytes, the number in 8, the
// unit. Such a line costs four loads; every other form takes the slow path, which gives the same result.
struct KeyShape {
  char text[24];    // key with its colon
  size_t length;    // of that
  uint64_t key[2];  // its first 16 bytes, padded with spaces
  size_t line;      // bytes of the whole line
  bool plain;
};

struct KeyShapes {
  KeyShape shape[kKeys];
  KeyShapes() {
    for (int key = 0; key < kKeys; key++) {
      KeyShape& s = shape[key];
      const char* name = key == kVmFlags ? "VmFlags" : kSmapsKeys[key].key;
      s.length = std::strlen(name) + 1;
      std::memset(s.text, ' ', sizeof s.text);
      std::memcpy(s.text, name, s.length - 1);
      s.text[s.length - 1] = ':';
      std::memcpy(s.key, s.text, sizeof s.key);
      s.plain = key != kVmFlags && kSmapsKeys[key].plain;
      s.line = s.plain ? 25 : 28;
    }
  }
};
const KeyShapes kShapes;

// Eight bytes of a right-aligned decimal as a number, or -1 when they hold anything but spaces and then digits.
inline int64_t AlignedNumber(uint64_t text) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  uint64_t not_space = (text >> 4) & kOnes;  // bit 4 is clear in ' ' and set in '0'..'9'
  uint64_t spaces = (not_space ^ kOnes) * 0xff;
  uint64_t digits = text | (kOnes * 0x10);  // ' ' becomes '0'
  uint64_t value = digits - kOnes * '0';
  bool all_digits = (((value + kOnes * 0x76) | value) & (kOnes * 0x80)) == 0;
  bool spaces_lead = (spaces & (spaces + 1)) == 0 && (spaces >> 63) == 0;
  bool are_spaces = (text & spaces) == (kOnes * ' ' & spaces);
  if (!(all_digits & spaces_lead & are_spaces)) return -1;
  value = (value * 10) + (value >> 8);
  value = (((value & 0x000000ff000000ff) * 0x000f424000000064) +
           (((value >> 16) & 0x000000ff000000ff) * 0x0000271000000001)) >>
          32;
  return static_cast<int64_t>(value);
}

inline size_t SkipBlanks(const uint8_t* bytes, size_t at, size_t end) {
  while (at < end && (bytes[at] == ' ' || bytes[at] == '\t')) at++;
  return at;
}

inline bool MatchesKey(const uint8_t* bytes, size_t at, size_t length, int key) {
  const KeyShape& shape = kShapes.shape[key];
  return at + shape.length <= length && std::memcmp(bytes + at, shape.text, shape.length) == 0;
}

int FindKey(const uint8_t* bytes, size_t at, size_t length) {
  if (bytes[at] < 'A' || bytes[at] > 'Z') return kUnknown;
  for (int key = 0; key < kKeys; key++) {
    if (MatchesKey(bytes, at, length, key)) return key;
  }
  return kUnknown;
}

// Offset of the colon that ends a key at `at`, or `at`: a key begins with a letter or '_' and holds no blank.
size_t KeyEnd(const uint8_t* bytes, size_t at, size_t length) {
  uint8_t first = bytes[at] | 32;
  if ((first < 'a' || first > 'z') && bytes[at] != '_') return at;
  for (size_t index = at + 1; index < length; index++) {
    uint8_t code = bytes[index];
    if (code == ':') return index;
    if (code == ' ' || code == '\t' || code == '\n') return at;
  }
  return at;
}

// The value after a colon: a plain number, or one in kB as bytes. Returns the end of the line, or `from` when the line
// holds anything else, and when the number may be cut: without a newline only its unit shows that it is whole.
size_t SizeAt(const uint8_t* bytes, size_t from, size_t length, bool plain, double* out) {
  size_t start = SkipBlanks(bytes, from, length);
  uint64_t value;
  size_t at = Decimal(bytes, start, length, &value);
  if (at == start) return from;
  *out = static_cast<double>(value);
  if (plain) return at < length && bytes[at] == '\n' ? at : from;
  if (at >= length || bytes[at] != ' ') return from;
  while (at < length && bytes[at] == ' ') at++;
  if (at + 2 > length || bytes[at] != 'k' || bytes[at + 1] != 'B') return from;
  at += 2;
  if (at < length && bytes[at] != '\n') return from;
  *out *= 1024;
  return at;
}

void FillAbsent(MappingTable& table, size_t row, uint32_t seen) {
  constexpr uint32_t kAllColumns = (1u << kSmapsColumns) - 1;
  for (uint32_t missing = kAllColumns & ~seen; missing; missing &= missing - 1) {
    table.sizes[__builtin_ctz(missing) * table.capacity + row] = std::numeric_limits<double>::quiet_NaN();
  }
}

// Keeps an unknown field as spans of the text; false when the table is full.
bool NoteOther(MappingTable& table, const uint8_t* bytes, size_t from, size_t colon, size_t end, size_t row) {
  uint32_t other = table.header[kOthers];
  if (other == table.capacity) {
    table.header[kFull] = 1;
    return false;
  }
  size_t start = SkipBlanks(bytes, colon + 1, end);
  uint32_t* cell = table.others + other;
  cell[kKeyStart * table.capacity] = static_cast<uint32_t>(from);
  cell[kKeyLength * table.capacity] = static_cast<uint32_t>(colon - from);
  cell[kValueStart * table.capacity] = static_cast<uint32_t>(start);
  cell[kValueLength * table.capacity] = static_cast<uint32_t>(end - start);
  table.words[kOtherCount * table.capacity + row]++;
  table.header[kOthers] = other + 1;
  return true;
}

}  // namespace

void TokenizeSmaps(const uint8_t* bytes, size_t length, MappingTable& table) {
  StartTable(table, bytes, length);
  const size_t capacity = table.capacity;
  // The key that stood on each line of the record before. Only a guess: it never decides what a line means.
  int8_t expected[kOrderLength] = {};
  size_t at = 0;
  size_t rows = 0;
  bool attached = false;
  size_t line = 0;
  uint32_t seen = 0;  // columns of the last row that have a value
  uint32_t unit;
  std::memcpy(&unit, " kB\n", sizeof unit);

  while (at < length) {
    int key = expected[line % kOrderLength];
    const KeyShape& shape = kShapes.shape[key];
    if (attached && at + kWidestLoad <= length && Load64(bytes + at) == shape.key[0] &&
        Load64(bytes + at + 8) == shape.key[1]) {
      uint32_t tail;
      std::memcpy(&tail, bytes + at + 24, sizeof tail);
      if (shape.plain ? bytes[at + 24] == '\n' : tail == unit) {
        int64_t value = AlignedNumber(Load64(bytes + at + 16));
        // Flags may have the form of a size, but they have no column.
        if (value >= 0 && key != kVmFlags) {
          table.sizes[key * capacity + rows - 1] = static_cast<double>(shape.plain ? value : value << 10);
          seen |= 1u << key;
          at += shape.line;
          line++;
          continue;
        }
      }
    }

    if (bytes[at] != static_cast<uint8_t>(shape.text[0]) || !MatchesKey(bytes, at, length, key)) {
      key = FindKey(bytes, at, length);
    }
    if (key == kUnknown) {
      size_t colon = KeyEnd(bytes, at, length);
      if (colon == at) {
        if (rows == capacity) {
          table.header[kFull] = 1;
          break;
        }
        size_t end = TokenizeHead(bytes, at, length, table, rows);
        attached = end != kNoMapping;
        if (attached) {
          if (rows > 0) FillAbsent(table, rows - 1, seen);
          seen = 0;
          rows++;
          line = 0;
          at = end + 1;
        } else {
          NoteMalformed(table, at);
          at = LineEnd(bytes, at, length) + 1;
        }
        continue;
      }
      size_t end = LineEnd(bytes, colon, length);
      if (!attached) NoteMalformed(table, at);
      // At the end of a text without a last newline the value may be cut: then it is not known.
      else if (end < length && !NoteOther(table, bytes, at, colon, end, rows - 1))
        break;
      at = end + 1;
      line++;
      continue;
    }
    expected[line % kOrderLength] = static_cast<int8_t>(key);
    line++;
    if (!attached) {
      NoteMalformed(table, at);
      at = LineEnd(bytes, at, length) + 1;
    } else if (key == kVmFlags) {
      size_t start = SkipBlanks(bytes, at + kShapes.shape[key].length, length);
      size_t end = LineEnd(bytes, start, length);
      table.words[kFlagsStart * capacity + rows - 1] = static_cast<uint32_t>(start);
      table.words[kFlagsLength * capacity + rows - 1] = static_cast<uint32_t>(end - start);
      at = end + 1;
    } else {
      size_t colon = at + kShapes.shape[key].length - 1;
      double value;
      size_t end = SizeAt(bytes, colon + 1, length, kSmapsKeys[key].plain, &value);
      if (end != colon + 1) {
        table.sizes[key * capacity + rows - 1] = value;
        seen |= 1u << key;
      } else {
        end = LineEnd(bytes, colon, length);
        if (end < length && !NoteOther(table, bytes, at, colon, end, rows - 1)) break;
      }
      at = end + 1;
    }
  }
  if (rows > 0) FillAbsent(table, rows - 1, seen);
  table.header[kRows] = static_cast<uint32_t>(rows);
}

}  // namespace tidemark
