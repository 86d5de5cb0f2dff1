// The padded-buffer contract of every tokenizer.
//
// A tokenizer may load a few bytes beyond the end of the text before it looks whether they belong to it. So a text of
// `length` bytes always lies in a buffer with at least kPadding readable bytes after it; their values do not matter.
#pragma once

#include <cstddef>

namespace tidemark {

constexpr size_t kPadding = 64;

// The widest load that a tokenizer makes at the start of a line: key, number and unit of smaps.
constexpr size_t kWidestLoad = 28;
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tables are read back as little-endian typed arrays");
static_assert(kPadding >= kWidestLoad, "a load at the last byte of a text must stay inside the padding");

}  // namespace tidemark
