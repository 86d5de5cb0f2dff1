// Sweeps the counters of many processes by a program in the kernel, into the caller's columns.
//
// The traps:
// - The kernel knows a process by its pid in the initial namespace; the caller by the pid of its own.
// - A slot belongs to a pid and a start time. A row that the kernel wrote under the pid of a slot may be of whoever has
// the
//   pid now, so the start time decides, and a row that this sweep did not write means that the process has gone.
// - A map cannot grow: with more slots than it has room for, everything is loaded anew.
#pragma once

#include <cstdint>
#include <string>

#include "../sweep/grown_memory.h"
#include "../sweep/status.h"
#include "../sweep/sweeper.h"
#include "mapped.h"
#include "objects.h"

namespace tidemark {

// How a sweep visits the processes.
enum class Method : uint8_t {
  kBest,     // the first of these that the kernel takes
  kWalk,     // one run of a program, Linux 6.7
  kIterate,  // an iterator file, Linux 5.17
};

class KernelCounters {
 public:
  KernelCounters(uint64_t page_size, uint64_t ticks_per_second, uint32_t exact_cpus);
  ~KernelCounters();
  KernelCounters(const KernelCounters&) = delete;
  KernelCounters& operator=(const KernelCounters&) = delete;

  // Loads the programs. 0, or a negative errno with `reason()`.
  int Open(Method method, bool is_initial_namespace);
  const std::string& reason() const { return reason_; }
  Method method() const { return method_; }
  // Whether the parts of all processors are added up.
  bool is_exact() const { return exact_cpus_ > 0; }

  // Binds a slot below kMaxSlots to the process that has this pid now.
  Status Attach(uint32_t slot, uint32_t pid, Identity* out);
  // Binds it to a process whose start is known from elsewhere.
  Status Bind(uint32_t slot, uint32_t pid, uint64_t start_ticks, const uint8_t* comm, uint32_t comm_length);
  void Detach(uint32_t slot);
  // As it was when it was opened: no slot is bound, everybody is listed, no peaks are watched.
  void Forget();
  // The pid in the initial namespace of who has this one in ours, or had it at the last listing; 0: nobody has it.
  uint32_t TgidOf(uint32_t pid);

  // As Sweeper::SweepCounters.
  size_t Sweep(const uint32_t* slots, size_t count, const Columns& out, uint32_t times_every, uint32_t phase,
               uint32_t* renamed);
  const uint8_t* Comm(uint32_t slot, uint32_t* length) const;

  // The pids of the namespace; how many there are, or a negative errno. Fills in as many as there is room for.
  int64_t ListPids(int32_t* out, size_t capacity);
  // From now on only those are listed that can belong to this. `root` of a tree is a pid of the namespace.
  void Narrow(const tidemark_selection& selection, uint32_t root);

  // Smallest and largest resident memory between sweeps. 0 or a negative errno.
  int WatchPeaks(bool is_on);
  bool are_peaks_on() const { return peaks_link_ >= 0; }
  // Events behind the peaks so far.
  uint64_t PeakEvents();

 private:
  struct Slot {
    uint32_t pid = 0;  // 0: free
    uint32_t tgid = 0;
    uint64_t start_ns = 0;  // 0: not known yet
    uint64_t start_ticks = 0;
    bool kernel_thread = false;
    uint32_t comm_length = 0;
    uint8_t comm[kMaxComm] = {};
    // What was told last, so that times never go backwards.
    uint64_t user_ns = 0;
    uint64_t system_ns = 0;
    // Until the first sweep its row has the times of the look that bound it.
    bool has_first_times = false;
  };

  // Lists everybody or whom `Narrow` said, into `pids_`. How many, or a negative errno.
  int64_t List(uint32_t kind);
  int Load(uint32_t rows);
  void Unload();
  int Run();
  // As of the last listing; 0: not listed.
  uint32_t ListedTgidOf(uint32_t pid);
  // Reads the process into the last row.
  Status Look(uint32_t pid, uint32_t tgid);
  Status BindTo(uint32_t slot, uint32_t pid, uint32_t tgid, uint64_t start_ticks, const uint8_t* comm,
                uint32_t comm_length);
  // Makes room for a slot; 0 or a negative errno.
  int MakeRoom(uint32_t slot);
  void SetSlotOf(uint32_t tgid, uint32_t value);
  uint32_t SlotOf(uint32_t tgid);
  uint64_t TicksOf(uint64_t start_ns) const;
  void WriteRow(Slot& slot, uint32_t index, const tidemark_row& row, const Columns& out, bool* renamed);
  void WriteTimes(Slot& slot, uint32_t index, const tidemark_row& row, const Columns& out);
  void Empty(uint32_t index, const Columns& out, Status status);
  // False once there was no memory for more rows, nor then for those that there were.
  bool is_loaded() const { return object_.ask != nullptr && static_cast<bool>(rows_); }
  Slot* Find(uint32_t slot) { return slot < slots_.size() && slots_[slot].pid ? &slots_[slot] : nullptr; }

  double page_size_;
  uint64_t tick_ns_;
  int64_t boottime_offset_ns_;
  uint32_t exact_cpus_;
  bool is_initial_namespace_ = true;
  Method method_ = Method::kBest;
  std::string reason_;
  tidemark_object object_{};
  int iterator_link_ = -1;
  int peaks_link_ = -1;
  uint32_t row_count_ = 0;
  uint32_t pid_limit_ = 0;
  uint32_t pid_room_ = 0;
  uint32_t processes_ = 0;
  // Of `pids_`, how many the last listing told, and whether they are in the order of pids by now.
  uint32_t listed_count_ = 0;
  bool is_sorted_ = false;
  uint32_t sweep_ = 0;
  tidemark_selection listed_{};
  uint32_t listed_root_ = 0;
  Mapped<tidemark_row> rows_;
  Mapped<uint32_t> slot_of_;
  Mapped<uint64_t> wanted_;
  Mapped<uint64_t> pids_;
  Mapped<tidemark_peak> peaks_;
  GrownList<Slot> slots_;
};

}  // namespace tidemark
