// Reads a file in a thread of its own while the caller works on what has come so far: the kernel makes `smaps` at a few
// hundred megabytes a second, and whoever takes it apart need not wait for its end.
//
// The trap: opening and reading can block for ever on a stuck target, and a thread in it cannot be ended, only left
// behind. So the thread owns what it writes to together with the caller, and whoever comes last gives it back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace tidemark {

class ReadAhead {
 public:
  struct Piece {
    std::unique_ptr<uint8_t[]> bytes;
    size_t length = 0;
  };

  // Opens the file and begins to read. 0, or the errno: of the open, EAGAIN when there is no thread to be had, or
  // ETIMEDOUT when the open did not come back within the deadline of all such reads.
  int Start(const std::string& path, size_t piece_bytes);

  // The next piece, for which it waits. One of length 0 is the end, of the file or of the process (ESRCH). 0, or
  // ETIMEDOUT when no byte came within the deadline; ENOMEM when there was no memory for the piece; or the errno of the
  // read: nothing more comes then.
  int Take(Piece* piece);

  ReadAhead();
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

 private:
  struct Shared;
  enum class Wanted : uint8_t { kOpen, kPiece };
  static void* Run(void* argument);
  static bool Await(Shared& shared, Wanted wanted);

  std::shared_ptr<Shared> shared_;
};

}  // namespace tidemark
