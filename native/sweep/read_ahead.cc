#include "read_ahead.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <new>

namespace tidemark {

// What the caller and the thread have in common.
struct ReadAhead::Shared {
  int fd = -1;
  size_t piece_bytes = 0;
  pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
  std::deque<Piece> pieces;
  bool has_ended = false;
  bool is_unwanted = false;
};

ReadAhead::ReadAhead() = default;

ReadAhead::~ReadAhead() {
  if (!shared_) return;
  pthread_mutex_lock(&shared_->lock);
  shared_->is_unwanted = true;
  pthread_mutex_unlock(&shared_->lock);
}

int ReadAhead::Start(const std::string& path, size_t piece_bytes) {
  auto shared = std::make_shared<Shared>();
  shared->fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (shared->fd < 0) return errno;
  shared->piece_bytes = piece_bytes;
  auto* own = new (std::nothrow) std::shared_ptr<Shared>(shared);
  pthread_t thread;
  int error = own == nullptr ? ENOMEM : pthread_create(&thread, nullptr, Run, own);
  if (error != 0) {
    close(shared->fd);
    delete own;
    return error;
  }
  pthread_detach(thread);
  shared_ = std::move(shared);
  return 0;
}

ReadAhead::Piece ReadAhead::Take() {
  Shared& shared = *shared_;
  Piece piece;
  pthread_mutex_lock(&shared.lock);
  while (shared.pieces.empty() && !shared.has_ended) pthread_cond_wait(&shared.changed, &shared.lock);
  if (!shared.pieces.empty()) {
    piece = std::move(shared.pieces.front());
    shared.pieces.pop_front();
  }
  pthread_mutex_unlock(&shared.lock);
  return piece;
}

void* ReadAhead::Run(void* argument) {
  std::unique_ptr<std::shared_ptr<Shared>> own(static_cast<std::shared_ptr<Shared>*>(argument));
  Shared& shared = **own;
  for (bool is_last = false; !is_last;) {
    Piece piece;
    piece.bytes.reset(new (std::nothrow) uint8_t[shared.piece_bytes]);
    // The kernel gives about a page at a time.
    while (piece.bytes && piece.length < shared.piece_bytes) {
      ssize_t got = read(shared.fd, piece.bytes.get() + piece.length, shared.piece_bytes - piece.length);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) break;
      piece.length += static_cast<size_t>(got);
    }
    is_last = piece.length < shared.piece_bytes;
    // Not left to the caller, whose garbage may be collected much later.
    if (is_last) close(shared.fd);
    pthread_mutex_lock(&shared.lock);
    if (shared.is_unwanted && !is_last) {
      is_last = true;
      close(shared.fd);
    }
    shared.has_ended = is_last;
    shared.pieces.push_back(std::move(piece));
    pthread_cond_signal(&shared.changed);
    pthread_mutex_unlock(&shared.lock);
  }
  return nullptr;
}

}  // namespace tidemark
