// Reads several files of many processes into one buffer, with a few threads that are joined before it returns.
//
// The traps: a process may end between two of its files, so each text has its own errno; the threads write into parts
// of the buffer of their own and take rows from one counter, so that one slow process does not hold up the others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tidemark {

struct TextFile {
  std::string name;
  // Bytes that are read at most.
  size_t most;
};

// Text f of row r is at index r * files + f of both.
struct SweptTexts {
  uint8_t* bytes;
  size_t size;
  uint32_t* starts;
  // Bytes of the text, or the negative errno of its open or read.
  int32_t* lengths;
};

// 0; -EOVERFLOW when a text did not fit and nothing in `texts` counts; the negative errno when `root` cannot be opened.
int ReadTexts(const std::string& root, const int32_t* pids, size_t count, const std::vector<TextFile>& files,
              const SweptTexts& texts);

}  // namespace tidemark
