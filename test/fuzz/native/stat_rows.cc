// stat_rows: texts that lie one behind another, without padding between them, as a sweep leaves them; each row must be
// what it is alone, and what the tokenizer of a single stat says where that one accepts it.
#include "../../../native/procfs/stat_rows.h"

#include <cstring>
#include <vector>

#include "../../../native/procfs/stat.h"
#include "hold.h"
#include "padded_text.h"
#include "targets.h"

namespace tidemark::fuzz {
namespace {

constexpr size_t kRows = 3;
constexpr size_t kStride = 2;

struct Rows {
  double numbers[kRows * kStatFields];
  uint32_t words[kRows * kStatRowWords];

  Rows(const PaddedText& bytes, const uint32_t* starts, const int32_t* lengths) {
    std::memset(numbers, 0x5a, sizeof numbers);
    std::memset(words, 0x5a, sizeof words);
    TokenizeStatRows(bytes.bytes(), starts, lengths, kStride, kRows, numbers, words);
  }
  const double* row(size_t row) const { return numbers + row * kStatFields; }
  const uint32_t* word(size_t row) const { return words + row * kStatRowWords; }
};

bool IsWhole(const uint8_t* text, size_t length) { return length > 0 && text[length - 1] == '\n'; }

bool IsLetter(uint32_t code) { return (code | 32) >= 'a' && (code | 32) <= 'z'; }

void CheckAgainstOne(const uint8_t* input, size_t length, const double* numbers, const uint32_t* words) {
  PaddedText text(input, length, 0);
  uint64_t fields[kStatFields];
  uint32_t one[kStatWords];
  const bool accepted = TokenizeStat(text.bytes(), length, fields, one);
  // A sign before the pid and a state of no letter are nothing that a kernel prints.
  if (!accepted || input[0] == '-' || !IsWhole(input, length) || !IsLetter(one[kStatState])) return;
  Hold(words[0] >= one[kStatCount], "a row has the fields that a single stat has");
  Hold(words[1] == one[kStatState], "a row has the state that a single stat has");
  Hold(words[2] == one[kStatCommStart] && words[3] - words[2] == one[kStatCommLength], "and its name");
  for (size_t field = 3; field < one[kStatCount]; field++) {
    const int64_t value = static_cast<int64_t>(fields[field]);
    // Beyond that the sign of two's complement is not known any more.
    if (numbers[field] >= 9.2e18 || numbers[field] <= -9.2e18) continue;
    Hold(numbers[field] == static_cast<double>(value), "a row has the numbers that a single stat has");
  }
}

}  // namespace

void StatRows(const uint8_t* input, size_t length) {
  // The text, then one that would go on with it, then the text again.
  static constexpr char kBetween[] = "77 (x) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20\n";
  std::vector<uint8_t> all(input, input + length);
  all.insert(all.end(), kBetween, kBetween + sizeof kBetween - 1);
  all.insert(all.end(), input, input + length);
  PaddedText bytes(all.data(), all.size(), PaddingFor(input, length));
  const uint32_t second = static_cast<uint32_t>(all.size() - length);
  const uint32_t starts[kRows * kStride] = {0, ~0u, static_cast<uint32_t>(length), ~0u, second, ~0u};
  const int32_t size = static_cast<int32_t>(length);
  const int32_t lengths[kRows * kStride] = {size, -3, sizeof kBetween - 1, -3, size, -3};
  Rows rows(bytes, starts, lengths);
  const uint32_t* first = rows.word(0);
  Hold(first[0] == rows.word(2)[0], "a row does not depend on where it lies");
  Hold(std::memcmp(rows.row(0), rows.row(2), kStatFields * sizeof(double)) == 0, "nor do its numbers");
  Hold(rows.word(1)[0] == 23 && rows.row(1)[22] == 20, "a row does not depend on what lies before it");
  if (first[0] == 0) return;
  Hold(first[0] <= kStatFields && first[0] > kStatStarttime, "there are as many fields as may be");
  Hold(first[2] <= first[3] && first[3] < length, "the name lies inside the text");
  Hold(rows.word(2)[2] == first[2] + second && rows.word(2)[3] == first[3] + second, "and is where the text is");
  CheckAgainstOne(input, length, rows.row(0), first);
}

}  // namespace tidemark::fuzz
