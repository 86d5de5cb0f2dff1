// Reads several files of many processes into one buffer, with a few threads.
//
// The traps: a process may end between two of its files, so each text has its own errno; the threads write into parts
// of the buffer of their own and take rows from one counter, so that one slow process does not hold up the others. And
// a command line can block for ever: such a file is read into the thread's own memory and copied only while somebody
// waits for it, so that a thread which is left behind reaches nothing of its caller's.
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
  // Bytes of the text, or the negative errno of its open or read; -ETIMEDOUT when it did not answer in time.
  int32_t* lengths;
};

// 0; -EAGAIN when no thread could be started, -EOVERFLOW when a text did not fit and nothing in `texts` counts; the
// negative errno when `root` cannot be opened.
int ReadTexts(const std::string& root, const int32_t* pids, size_t count, const std::vector<TextFile>& files,
              const SweptTexts& texts);

}  // namespace tidemark
