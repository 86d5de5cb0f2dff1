// The trap: errnos alone mislead. EPERM is a missing capability, a lockdown or a seccomp filter; EINVAL is anything.
// The last words of the verifier name what it did not like, and are all that a person can act on.
#include "refusal.h"

#include <cerrno>
#include <cstring>

namespace tidemark {
namespace {

constexpr size_t kMostWords = 200;

// The last line that says what was wrong; behind it come only counts.
std::string LastWords(const char* log) {
  std::string text(log);
  std::string last;
  size_t start = 0;
  while (start < text.size()) {
    size_t end = text.find('\n', start);
    if (end == std::string::npos) end = text.size();
    std::string line = text.substr(start, end - start);
    if (!line.empty() && line.compare(0, 9, "processed") != 0 && line.compare(0, 17, "verification time") != 0 &&
        line.compare(0, 11, "stack depth") != 0) {
      last = line;
    }
    start = end + 1;
  }
  for (char& byte : last) {
    if (static_cast<unsigned char>(byte) < 32 || static_cast<unsigned char>(byte) > 126) byte = '?';
  }
  return last.size() > kMostWords ? last.substr(0, kMostWords) + "..." : last;
}

}  // namespace

std::string RefusalOf(int error, const char* log) {
  std::string words = LastWords(log);
  std::string reason = strerror(-error);
  return words.empty() ? reason : reason + ": " + words;
}

}  // namespace tidemark
