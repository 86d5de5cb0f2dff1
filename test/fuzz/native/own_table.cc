#include "own_table.h"

#include <algorithm>
#include <cmath>

#include "hold.h"

namespace tidemark::fuzz {
namespace {

constexpr size_t kSmall = 8;

void CheckName(const MappingTable& table, size_t row, const uint8_t* text, size_t length) {
  const size_t start = table.words[kNameStart * table.capacity + row];
  const size_t end = start + table.words[kNameLength * table.capacity + row];
  Hold(start <= end && end <= length, "a name lies inside the text");
  Hold(end == length || text[end] == '\n', "a name ends with its line");
  Hold(!std::memchr(text + start, '\n', end - start), "a name is of one line");
  Hold(start == end || text[start] != ' ', "a name does not begin with a blank");
  Hold(table.perms[row] < 16, "permissions are four bits");
}

void CheckFlags(const MappingTable& table, size_t row, const uint8_t* text, size_t length) {
  const size_t start = table.words[kFlagsStart * table.capacity + row];
  const size_t size = table.words[kFlagsLength * table.capacity + row];
  if (start == kNoSpan) return Hold(size == 0, "flags that are not there have no length");
  Hold(start > table.words[kNameStart * table.capacity + row], "flags stand behind the name");
  Hold(start + size <= length && (start + size == length || text[start + size] == '\n'), "flags end with their line");
}

void CheckSizes(const MappingTable& table, size_t row) {
  for (int column = 0; column < kSmapsColumns; column++) {
    const double size = table.sizes[column * table.capacity + row];
    Hold(std::isnan(size) || (size >= 0 && std::isfinite(size)), "a size is a number that is not negative");
  }
}

void CheckOthers(const MappingTable& table, const uint8_t* text, size_t length) {
  size_t least = 0;
  for (size_t other = 0; other < table.header[kOthers]; other++) {
    const uint32_t* cell = table.others + other;
    const size_t key = cell[kKeyStart * table.capacity];
    const size_t colon = key + cell[kKeyLength * table.capacity];
    const size_t value = cell[kValueStart * table.capacity];
    const size_t end = value + cell[kValueLength * table.capacity];
    Hold(key >= least && colon > key && value > colon && end <= length, "unknown fields lie in order inside the text");
    Hold(key == 0 || text[key - 1] == '\n', "an unknown key begins a line");
    Hold(text[colon] == ':', "an unknown key ends before a colon");
    Hold(end < length && text[end] == '\n', "an unknown value is whole");
    Hold(!std::memchr(text + key, '\n', end - key), "an unknown field is of one line");
    least = end + 1;
  }
}

void CheckSameTables(const MappingTable& a, const MappingTable& b, bool sizes) {
  Hold(std::memcmp(a.header, b.header, kHeaderWords * sizeof *a.header) == 0, "the header does not depend on padding");
  CheckSameRows(a, 0, b, 0, a.header[kRows], 0, sizes);
}

}  // namespace

size_t RoomFor(const uint8_t* text, size_t length) {
  const size_t lines = static_cast<size_t>(std::count(text, text + length, '\n')) + 1;
  return (lines + 7) / 8 * 8;
}

size_t LineOfRow(const MappingTable& table, size_t row, const uint8_t* text) {
  size_t at = table.words[kNameStart * table.capacity + row];
  while (at > 0 && text[at - 1] != '\n') at--;
  return at;
}

void CheckTable(const MappingTable& table, const uint8_t* text, size_t length, bool sizes) {
  const uint32_t* header = table.header;
  Hold(header[kRows] <= table.capacity && header[kOthers] <= table.capacity, "there is no more than there is room for");
  Hold(header[kUnterminated] == (length > 0 && text[length - 1] != '\n'), "a last line without newline is told");
  Hold(header[kMalformedLines] > 0 || header[kFirstMalformed] == 0, "no line that is wrong is told where none is");
  if (header[kMalformedLines] > 0) {
    const size_t at = header[kFirstMalformed];
    Hold(at < length && (at == 0 || text[at - 1] == '\n'), "the first line that is wrong begins a line");
  }
  uint32_t others = 0;
  for (size_t row = 0; row < header[kRows]; row++) {
    CheckName(table, row, text, length);
    CheckFlags(table, row, text, length);
    if (sizes) CheckSizes(table, row);
    const size_t capacity = table.capacity;
    Hold(row == 0 || table.words[kNameStart * capacity + row] > table.words[kNameStart * capacity + row - 1],
         "rows are in the order of the text");
    Hold(table.words[kFirstOther * capacity + row] == others, "unknown fields are told by the row they stand in");
    others += table.words[kOtherCount * capacity + row];
  }
  Hold(others == header[kOthers], "each unknown field belongs to a row");
  CheckOthers(table, text, length);
}

void CheckSameRows(const MappingTable& a, size_t row_a, const MappingTable& b, size_t row_b, size_t count, size_t shift,
                   bool sizes) {
  if (count == 0) return;
  auto same = [&](const auto* ours, const auto* theirs, int columns) {
    for (int column = 0; column < columns; column++) {
      if (std::memcmp(ours + column * a.capacity + row_a, theirs + column * b.capacity + row_b, count * sizeof *ours))
        return false;
    }
    return true;
  };
  Hold(same(a.addresses, b.addresses, kAddressColumns), "addresses are the same");
  Hold(same(a.perms, b.perms, 1), "permissions are the same");
  // NaN for what is absent has the same bits everywhere.
  Hold(!sizes || same(a.sizes, b.sizes, kSmapsColumns), "sizes are the same");
  const uint32_t before_a = a.words[kFirstOther * a.capacity + row_a];
  const uint32_t before_b = b.words[kFirstOther * b.capacity + row_b];
  size_t others = 0;
  for (size_t row = 0; row < count; row++) {
    auto of_a = [&](int column) { return a.words[column * a.capacity + row_a + row]; };
    auto of_b = [&](int column) { return b.words[column * b.capacity + row_b + row]; };
    const bool has_flags = of_a(kFlagsStart) != kNoSpan;
    Hold(of_a(kNameStart) == of_b(kNameStart) + shift && of_a(kNameLength) == of_b(kNameLength), "names are the same");
    Hold(has_flags == (of_b(kFlagsStart) != kNoSpan), "flags are there in both");
    Hold(!has_flags || of_a(kFlagsStart) == of_b(kFlagsStart) + shift, "flags stand where they stood");
    Hold(of_a(kFlagsLength) == of_b(kFlagsLength), "flags are as long");
    Hold(of_a(kDeviceMajor) == of_b(kDeviceMajor) && of_a(kDeviceMinor) == of_b(kDeviceMinor), "devices are the same");
    Hold(of_a(kFirstOther) - before_a == of_b(kFirstOther) - before_b, "unknown fields begin where they began");
    Hold(of_a(kOtherCount) == of_b(kOtherCount), "there are as many unknown fields");
    others += of_a(kOtherCount);
  }
  for (size_t other = 0; other < others; other++) {
    for (int column = 0; column < kOtherColumns; column++) {
      const size_t moved = column == kKeyStart || column == kValueStart ? shift : 0;
      Hold(a.others[column * a.capacity + before_a + other] == b.others[column * b.capacity + before_b + other] + moved,
           "unknown fields are the same");
    }
  }
}

OwnTable TokenizeChecked(TokenizeTable tokenize, const uint8_t* input, size_t length, bool sizes) {
  const size_t padding = PaddingFor(input, length);
  const size_t capacity = RoomFor(input, length);
  PaddedText text(input, length, padding);
  PaddedText other(input, length, padding + 1);
  OwnTable table(capacity, 0x5a), again(capacity, 0xa5);
  tokenize(text.bytes(), length, *table);
  tokenize(other.bytes(), length, *again);
  CheckSameTables(*table, *again, sizes);
  CheckTable(*table, input, length, sizes);
  Hold(table->header[kFull] == 0, "a table with a row for each line is never full");
  if (capacity > kSmall) {
    OwnTable small(kSmall, 0x33);
    tokenize(other.bytes(), length, *small);
    const uint32_t* header = small->header;
    Hold(header[kRows] <= kSmall && header[kOthers] <= kSmall, "nothing is filled in beyond a small table");
    const bool fits = table->header[kRows] <= kSmall && table->header[kOthers] <= kSmall;
    Hold(fits || header[kFull] != 0, "what does not fit is told");
    if (header[kFull] == 0) CheckSameTables(*table, *small, sizes);
  }
  return table;
}

}  // namespace tidemark::fuzz
