// Threads for reads that can block for ever: cmdline, environ, maps, smaps and smaps_rollup of a target whose memory
// map is locked by somebody who does not let go.
//
// The traps: a thread in such a read cannot be cancelled, only left behind, so a read owns all the memory that it
// writes to, and nobody joins a thread: what a thread needs lives for as long as the last thread does, and the addon is
// linked with -z nodelete so that its code does too. And a thread that is slow is not stuck: one that is running when
// its deadline passes walks a large target, or waits for a processor, and is left alone for longer.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "clock.h"

namespace tidemark {

constexpr int64_t kReadDeadlineNs = 50'000'000;
constexpr size_t kMostReaders = 4;

// One read: everything that it writes to is its own.
class GuardedRead {
 public:
  virtual ~GuardedRead() = default;

  bool IsDone() const { return state_.load(std::memory_order_acquire) == State::kDone; }
  // Its deadline has passed and nobody waits for it any more. What it holds is not to be looked at, ever.
  bool IsLeft() const { return state_.load(std::memory_order_acquire) == State::kLeft; }
  // Of a read that was left: it has come back after all.
  bool HasReturned() const { return returned_.load(std::memory_order_acquire); }
  bool IsFree() const { return state_.load(std::memory_order_acquire) == State::kNew; }
  // Makes a read that is done fit to be submitted again.
  void Reset() { state_.store(State::kNew, std::memory_order_relaxed); }

 protected:
  // Called in a reader thread.
  virtual void Run() = 0;
  // To be called by a read that takes long on purpose, at least every few milliseconds: it is not stuck.
  void Beat() { beat_ns_.store(MonotonicNs(), std::memory_order_relaxed); }

 private:
  friend class ReaderPool;
  enum class State : uint8_t { kNew, kQueued, kRunning, kDone, kLeft };

  std::atomic<State> state_{State::kNew};
  std::atomic<bool> returned_{false};
  std::atomic<int64_t> beat_ns_{0};
  // Under the lock of the pool:
  int64_t started_ns_ = 0;
  int64_t look_ns_ = 0;  // when to look next whether it is stuck
  int thread_ = 0;
  bool spared_ = false;  // its thread has been replaced already
};

class ReaderPool {
 public:
  explicit ReaderPool(size_t readers, int64_t deadline_ns = kReadDeadlineNs);
  // Leaves threads that are in a read behind; the others end by themselves.
  ~ReaderPool();
  ReaderPool(const ReaderPool&) = delete;
  ReaderPool& operator=(const ReaderPool&) = delete;

  // Queues a read. False when there is no thread for it and none can be started.
  bool Submit(const std::shared_ptr<GuardedRead>& read);
  // Takes a read back that has not begun; false when it has.
  bool Recall(GuardedRead& read);
  // Reads that were done or left since the pool was made.
  uint64_t Ended() const;
  // Waits until `ended` reads have ended, or the monotonic time `until_ns` (0: never). Leaves those that are stuck.
  // False when reads are queued and nobody is left to make them.
  bool Wait(uint64_t ended, int64_t until_ns);

  // Threads that are in a read which was left.
  size_t Stuck() const;
  // CPU time of all reads so far.
  int64_t CpuNs() const;
  size_t readers() const { return readers_; }

 private:
  struct Core;
  static void* Serve(void* argument);
  static bool StartIfNeeded(const std::shared_ptr<Core>& core);
  static int64_t LookAtRunning(const std::shared_ptr<Core>& core, int64_t now_ns);

  size_t readers_;
  std::shared_ptr<Core> core_;
};

// Whether a thread of ours waits for something rather than for a processor. Where /proc does not tell, it does.
bool IsBlockedThread(int thread);

// Processors that this process may use, at least 1.
size_t AllowedCpus();

}  // namespace tidemark
