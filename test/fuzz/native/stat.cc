// stat: the name in its parentheses, every field against the standard library, and the same when fewer are asked for.
#include "../../../native/procfs/stat.h"

#include <cstring>
#include <initializer_list>

#include "hold.h"
#include "padded_text.h"
#include "plain_numbers.h"
#include "targets.h"

namespace tidemark::fuzz {
namespace {

struct Read {
  uint64_t fields[kStatFields];
  uint32_t words[kStatWords];
  bool accepted;

  Read(const PaddedText& text, uint8_t rubbish, size_t most) {
    std::memset(fields, rubbish, sizeof fields);
    std::memset(words, rubbish, sizeof words);
    accepted = TokenizeStat(text.bytes(), text.length(), fields, words, most);
  }
};

void CheckSame(const Read& a, const Read& b, size_t fields) {
  Hold(a.fields[0] == b.fields[0], "the pid does not depend on the padding or on how much is asked for");
  for (size_t field = 3; field < fields; field++) {
    Hold(a.fields[field] == b.fields[field], "a field does not depend on the padding or on how much is asked for");
  }
  for (int word : {kStatState, kStatCommStart, kStatCommLength}) {
    Hold(a.words[word] == b.words[word], "name and state do not depend on the padding or on how much is asked for");
  }
}

void CheckPlain(const Read& read, const uint8_t* bytes, size_t length) {
  const size_t name = read.words[kStatCommStart];
  const size_t close = name + read.words[kStatCommLength];
  Hold(name >= 3 && close + 2 < length, "the name lies inside the text");
  Hold(bytes[name - 1] == '(' && bytes[close] == ')', "the name lies in parentheses");
  Hold(std::memchr(bytes + close + 1, ')', length - close - 1) == nullptr, "the last parenthesis ends the name");
  Hold(read.words[kStatState] == bytes[close + 2], "the state stands behind the name");
  Hold(PlainSigned(bytes, 0, length).value == read.fields[0], "the pid is the first number");
  size_t at = close + 3;
  const size_t count = read.words[kStatCount];
  Hold(count > kStatStarttime && count <= kStatFields, "there are as many fields as may be");
  for (size_t field = 3; field < count; field++) {
    Hold(at < length && bytes[at] == ' ', "a blank stands before a field");
    PlainNumber number = PlainSigned(bytes, at + 1, length);
    Hold(number.end > at + 1 && number.end < length, "a field is whole");
    Hold(number.value == read.fields[field], "a field is its digits");
    at = number.end;
  }
}

}  // namespace

void Stat(const uint8_t* input, size_t length) {
  const size_t padding = PaddingFor(input, length);
  PaddedText text(input, length, padding);
  PaddedText other(input, length, padding + 1);
  Read read(text, 0x5a, kStatFields);
  Read again(other, 0xa5, kStatFields);
  Hold(read.accepted == again.accepted, "whether it is accepted does not depend on the padding");
  const size_t most = kStatStarttime + 1 + length % (kStatFields - kStatStarttime);
  Read less(text, 0xa5, most);
  Hold(less.accepted == read.accepted, "whether it is accepted does not depend on how much is asked for");
  if (!read.accepted) return;
  Hold(read.words[kStatCount] == again.words[kStatCount], "the number of fields does not depend on the padding");
  CheckSame(read, again, read.words[kStatCount]);
  Hold(less.words[kStatCount] <= most, "no more is read than was asked for");
  CheckSame(read, less, less.words[kStatCount]);
  CheckPlain(read, input, length);
}

}  // namespace tidemark::fuzz
