// status: spans inside the text, the same before every padding, and lines that mean the same in two pieces as in one.
#include "../../../native/procfs/status.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "hold.h"
#include "padded_text.h"
#include "targets.h"

namespace tidemark::fuzz {
namespace {

struct Read {
  double fields[kStatusFields];
  uint32_t others[kMaxStatusOthers * kStatusOtherWords];
  uint32_t counts[2];
  bool accepted;

  Read(const PaddedText& text, uint8_t rubbish) {
    std::memset(fields, rubbish, sizeof fields);
    std::memset(others, rubbish, sizeof others);
    std::memset(counts, rubbish, sizeof counts);
    accepted = TokenizeStatus(text.bytes(), text.length(), fields, others, counts);
  }
  // Lines that hold no known number: kept, or only counted.
  size_t rest() const { return size_t{counts[0]} + counts[1]; }
};

void CheckSame(const Read& a, const Read& b) {
  Hold(a.accepted == b.accepted, "whether it is accepted does not depend on the padding");
  Hold(std::memcmp(a.counts, b.counts, sizeof a.counts) == 0, "the counts do not depend on the padding");
  Hold(std::memcmp(a.fields, b.fields, sizeof a.fields) == 0, "no field depends on the padding");
  Hold(std::memcmp(a.others, b.others, a.counts[0] * kStatusOtherWords * sizeof *a.others) == 0,
       "no other line depends on the padding");
}

void CheckSpans(const Read& read, const uint8_t* bytes, size_t length) {
  Hold(read.counts[0] <= kMaxStatusOthers, "no more other lines are kept than there is room for");
  size_t least = 0;
  for (uint32_t other = 0; other < read.counts[0]; other++) {
    const uint32_t* span = read.others + size_t{other} * kStatusOtherWords;
    const size_t colon = size_t{span[0]} + span[1];
    const size_t end = size_t{span[2]} + span[3];
    Hold(span[0] >= least && span[1] > 0 && colon < span[2] && end <= length, "spans lie in order inside the text");
    Hold(span[0] == 0 || bytes[span[0] - 1] == '\n', "a key begins a line");
    Hold(bytes[colon] == ':' && !std::memchr(bytes + span[0], ':', span[1]), "a key ends before the first colon");
    Hold(end == length || bytes[end] == '\n', "a value ends with its line");
    Hold(!std::memchr(bytes + span[0], '\n', end - span[0]), "a key and its value are one line");
    least = end + 1;
  }
  for (double field : read.fields) {
    Hold(std::isnan(field) || (field >= 0 && std::isfinite(field)), "a field is a number that is not negative");
  }
}

void CheckPieces(const Read& whole, const uint8_t* input, size_t length) {
  const size_t cut = MiddleLine(input, length);
  Read first(PaddedText(input, cut, 1), 0x11);
  Read second(PaddedText(input + cut, length - cut, 2), 0x22);
  Hold(whole.accepted == (first.accepted || second.accepted), "it is accepted when a piece is");
  Hold(whole.rest() == first.rest() + second.rest(), "each line is counted once");
  Hold(whole.counts[0] == std::min(kMaxStatusOthers, first.counts[0] + second.counts[0]), "and kept once");
  for (int field = 0; field < kStatusFields; field++) {
    const double last = std::isnan(second.fields[field]) ? first.fields[field] : second.fields[field];
    Hold(std::memcmp(&last, whole.fields + field, sizeof last) == 0, "the last line of a key is its value");
  }
}

}  // namespace

void Status(const uint8_t* input, size_t length) {
  const size_t padding = PaddingFor(input, length);
  Read read(PaddedText(input, length, padding), 0x5a);
  CheckSame(read, Read(PaddedText(input, length, padding + 1), 0xa5));
  CheckSpans(read, input, length);
  CheckPieces(read, input, length);
}

}  // namespace tidemark::fuzz
