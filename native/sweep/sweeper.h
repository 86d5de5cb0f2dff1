// Sweeps one tier of many processes into the caller's columns.
//
// The traps:
// - A kept descriptor of statm or stat follows the process through exec and answers ESRCH once it is gone, even when
// the
//   pid has been given to another; a path opened anew reads whoever has the pid now. So statm is read before stat, and
//   the start time in stat then proves whose both were.
// - Descriptors cost kernel memory and are limited: beyond `max_kept` a file is opened per use, and when the process
// has
//   none left at all, kept ones are given back.
// - smaps and smaps_rollup do not follow exec: those are opened per use.
// - smaps and smaps_rollup can block for ever: reader threads read them, and a slot whose read did not come back in
// time
//   is left alone for a while.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "counter_columns.h"
#include "deep_read.h"
#include "grown_memory.h"
#include "paced_read.h"
#include "proc_tree.h"
#include "reader_pool.h"
#include "status.h"

namespace tidemark {

// Columns of a rollup behind those of the kernel's text.
constexpr const char* kHoldColumns[] = {"rollupHold",  "rollupHeld",    "rollupDuration",
                                        "rollupPaced", "sharedPartPpm", "sharedPartErrorPpm"};
constexpr int kHoldFields = sizeof kHoldColumns / sizeof kHoldColumns[0];

// Columns behind those, each with the file of the process that tells it.
struct ScoreColumn {
  const char* name;
  const char* file;
};
constexpr ScoreColumn kScoreColumns[] = {{"oomScore", "oom_score"}, {"oomScoreAdj", "oom_score_adj"}};
constexpr int kScoreFields = sizeof kScoreColumns / sizeof kScoreColumns[0];
constexpr int kDeepFields = kRollupFields + kHoldFields + kScoreFields;

constexpr size_t kMaxComm = 64;

// Slots are below this, as in a ring.
constexpr uint32_t kMaxSlots = 1 << 20;

struct Identity {
  uint64_t start_ticks;
  uint64_t parent_pid;
  uint64_t flags;
  uint8_t comm[kMaxComm];
  uint32_t comm_length;
};

// A caller's columns: column c of slot s at values[c * stride + s], the row's status at status[s].
struct Columns {
  double* values;
  size_t stride;
  uint8_t* status;
};

class Sweeper {
 public:
  // Deep reads are made by `readers` threads, and given up after `deadline_ns`.
  Sweeper(const std::string& root, uint64_t page_size, uint64_t ticks_per_second, size_t max_kept, size_t readers,
          int64_t deadline_ns);
  ~Sweeper();
  Sweeper(const Sweeper&) = delete;
  Sweeper& operator=(const Sweeper&) = delete;

  ProcTree& tree() { return tree_; }
  size_t kept() const { return kept_; }

  // Binds a slot below kMaxSlots to the process that has this pid now. On kOk `out` is filled and the slot can be
  // swept.
  Status Attach(uint32_t slot, int pid, Identity* out);
  void Detach(uint32_t slot);

  // kOk when the process of a slot still has its pid, kGone when not, else why that cannot be known.
  Status IsThere(uint32_t slot) {
    Slot* found = Find(slot);
    return found ? Presence(*found) : Status::kGone;
  }

  // statm and stat of every slot. Slots whose name changed are listed in `renamed` (as many as slots); returns how
  // many.
  // With `stat_every` k above 1, stat is read only for slots with slot mod k = `phase`, for those swept for the first
  // time, and where nothing else proves whose memory was read; other rows keep what their columns from stat held.
  size_t SweepCounters(const uint32_t* slots, size_t count, const Columns& out, uint32_t stat_every, uint32_t phase,
                       uint32_t* renamed);

  // smaps_rollup of slots until the monotonic time `stop_ns` has passed (0: never). Returns how many were read, and
  // puts those first in `slots`. A read that is under way then goes on: asked for again, its slot gets what it brought.
  size_t SweepRollup(uint32_t* slots, size_t count, const Columns& out, int64_t stop_ns);

  // The same in small pieces with pauses, none of which is meant to hold its target for longer than `max_hold_ns`.
  size_t SweepPaced(uint32_t* slots, size_t count, const Columns& out, int64_t max_hold_ns, int64_t stop_ns);

  // smaps of slots, whole or, with `max_hold_ns` above 0, in pieces; stops as well when the next process does not fit.
  // Returns how many were read; 0 with *needed_rows set when not even the first one fits.
  size_t SweepMappings(uint32_t* slots, size_t count, uint8_t* status, MappingRows& out, int64_t max_hold_ns,
                       int64_t stop_ns, size_t* needed_rows, size_t* needed_text);

  // Of the reader threads: CPU time so far, and how many are stuck.
  int64_t ReaderCpuNs() const { return pool_.CpuNs() + paced_pool_.CpuNs(); }
  size_t StuckReaders() const { return pool_.Stuck() + paced_pool_.Stuck(); }

  // Name of a slot as of its last sweep.
  const uint8_t* Comm(uint32_t slot, uint32_t* length) const;

 private:
  struct Reads {
    // Deep reads that were begun and not taken yet.
    std::shared_ptr<RollupRead> rollup;
    std::shared_ptr<MappingsRead> mappings;
    std::shared_ptr<PacedRead> paced;
    std::shared_ptr<PacedRead> paced_mappings;
    // The read that did not come back; none is begun while it has not, nor before `retry_ns`.
    std::shared_ptr<DeepRead> stuck;
    int64_t retry_ns = 0;
    int64_t back_off_ns = 0;

    bool IsIdle() const { return !rollup && !mappings && !paced && !paced_mappings && !stuck && back_off_ns == 0; }
  };
  struct Slot {
    int pid = 0;  // 0: free
    int statm = -1;
    int stat = -1;
    bool kernel_thread = false;
    bool proven = false;  // by stat in the last sweep that read it
    uint64_t start_ticks = 0;
    uint32_t comm_length = 0;
    uint8_t comm[kMaxComm] = {};
    // Made with the first deep read, and dropped when nothing is to be remembered: few slots have one at a time.
    std::unique_ptr<Reads> reads;
  };

  // Opens a file of a slot; gives kept descriptors back when there is none left.
  int OpenFor(const Slot& slot, const char* file);
  // Reads a small file from its kept descriptor, or by opening it. Bytes, or -errno.
  int64_t ReadSmall(const Slot& slot, int* kept, const char* file, uint8_t* into);
  void CloseKept(Slot& slot);
  void GiveBackDescriptors();
  Status ReadCounters(Slot& slot, uint32_t index, const Columns& out, bool stat_is_due, bool* renamed);
  // Drops what was begun for a slot.
  void Forget(Slot& slot);
  bool IsBackedOff(Slot& slot);
  // What a read that was taken says of its slot; kOk when its values count.
  Status StatusOfRead(Slot& slot, const std::shared_ptr<DeepRead>& read);
  struct Holds {
    double longest = 0, all = 0, duration = 0;
    bool is_paced = false;
    double shared_part = std::numeric_limits<double>::quiet_NaN();
    double shared_part_error = std::numeric_limits<double>::quiet_NaN();
  };
  void FillRollup(uint32_t slot, const Columns& out, Status status, const double* values, const Holds& holds);
  // The number in a small file of a process; absent where it cannot be read.
  double ReadScore(int pid, const char* file) const;
  template <typename Read, typename Take>
  size_t SweepDeep(ReaderPool& pool, std::shared_ptr<Read> Reads::*pending, std::vector<std::shared_ptr<Read>>& spare,
                   uint32_t* slots, size_t count, size_t most_begun, int64_t stop_ns, Take take);
  // kOk when the slot's process still has its pid, kGone when not, else why that cannot be known.
  Status Presence(Slot& slot);
  Status StatusOfFailure(Slot& slot, int64_t error);
  Slot* Find(uint32_t slot) { return slot < slots_.size() && slots_[slot].pid ? &slots_[slot] : nullptr; }

  ProcTree tree_;
  double page_size_;
  double tick_ns_;
  size_t max_kept_;
  size_t kept_ = 0;
  bool can_keep_ = true;
  GrownList<Slot> slots_;
  ReaderPool pool_;
  ReaderPool paced_pool_;
  int64_t max_hold_ns_ = 0;
  // To be used again.
  std::vector<std::shared_ptr<RollupRead>> spare_rollups_;
  std::vector<std::shared_ptr<MappingsRead>> spare_mappings_;
  std::vector<std::shared_ptr<PacedRead>> spare_paced_;
  GrownMemory<uint8_t> taken_;  // by place in the list of a sweep
  GrownMemory<uint32_t> order_;
  size_t ordered_ = 0;
};

}  // namespace tidemark
