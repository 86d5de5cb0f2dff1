// From the kernel's rows to the caller's columns.
//
// The trap: CPU time is not what the scheduler's two counters say. The kernel scales them so that together they are the
// time that the process ran, and keeps what it told last so that neither goes backwards. The same is done here, or the
// values would differ from those of stat by whole seconds.
#include <algorithm>
#include <cstring>
#include <limits>

#include "kernel_counters.h"

namespace tidemark {
namespace {

constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();

enum Column {
  kRss,
  kRssAnon,
  kVsize,
  kDataSize,
  kMinorFaults,
  kMajorFaults,
  kUserTime,
  kSystemTime,
  kThreads,
  kParentPid,
  kRssFile,
  kRssShmem,
  kSwapAnon,
  kPageTables,
  kStackSize,
  kLockedSize,
  kHwm,
  kVsizePeak,
  kRssLow,
  kRssHigh,
  kUid,
  kCgroupId,
  kPidNamespace,
  kColumns,
};
static_assert(kColumns == kCounterFields, "the columns of counter_columns.h in their order");

// A counter whose parts are moved while they are added up may be below zero for a moment.
uint64_t NotNegative(int64_t pages) { return pages < 0 ? 0 : static_cast<uint64_t>(pages); }

struct Times {
  uint64_t user;
  uint64_t system;
};

// cputime_adjust() of the kernel.
Times Adjust(const tidemark_row& row, Times told) {
  const uint64_t run = row.run_time;
  if (told.user + told.system >= run) return told;
  uint64_t system = row.system_time;
  if (system == 0) {
    system = 0;
  } else if (row.user_time == 0) {
    system = run;
  } else {
    system = static_cast<uint64_t>(static_cast<unsigned __int128>(system) * run / (system + row.user_time));
    system = std::min(system, run);
  }
  system = std::max(system, told.system);
  uint64_t user = run - std::min(system, run);
  if (user < told.user) {
    user = told.user;
    system = run - user;
  }
  return {user, system};
}

}  // namespace

void KernelCounters::Empty(uint32_t index, const Columns& out, Status status) {
  for (int column = 0; column < kCounterFields; column++) out.values[column * out.stride + index] = kAbsent;
  out.status[index] = static_cast<uint8_t>(status);
}

void KernelCounters::WriteRow(Slot& slot, uint32_t index, const tidemark_row& row, const Columns& out, bool* renamed) {
  double* cell = out.values + index;
  const size_t stride = out.stride;
  const auto set = [&](Column column, double value) { cell[column * stride] = value; };
  const auto pages = [&](Column column, uint64_t value) { set(column, static_cast<double>(value) * page_size_); };

  const bool has_memory = (row.flags & ROW_HAS_MEMORY) && row.total_vm > 0;
  if (has_memory) {
    const uint64_t file = NotNegative(row.file);
    const uint64_t anon = NotNegative(row.anon);
    const uint64_t shmem = NotNegative(row.shmem);
    const uint64_t resident = file + anon + shmem;
    pages(kRss, resident);
    pages(kRssAnon, anon);
    pages(kVsize, row.total_vm);
    pages(kDataSize, row.data_vm + row.stack_vm);
    pages(kRssFile, file);
    pages(kRssShmem, shmem);
    pages(kSwapAnon, NotNegative(row.swap));
    set(kPageTables, static_cast<double>(row.page_table_bytes));
    pages(kStackSize, row.stack_vm);
    pages(kLockedSize, row.locked_vm);
    pages(kHwm, std::max<uint64_t>(row.hiwater_rss, resident));
    pages(kVsizePeak, std::max<uint64_t>(row.hiwater_vm, row.total_vm));
    if (row.flags & ROW_HAS_PEAKS) {
      // What the tracepoint saw, completed by what the sweep itself found.
      pages(kRssLow, row.rss_low > 0 ? std::min(NotNegative(row.rss_low - 1), resident) : resident);
      pages(kRssHigh, row.rss_high > 0 ? std::max(NotNegative(row.rss_high - 1), resident) : resident);
    } else {
      set(kRssLow, kAbsent);
      set(kRssHigh, kAbsent);
    }
  } else {
    for (Column column : {kRss, kRssAnon, kVsize, kDataSize, kRssFile, kRssShmem, kSwapAnon, kPageTables, kStackSize,
                          kLockedSize, kHwm, kVsizePeak, kRssLow, kRssHigh}) {
      set(column, kAbsent);
    }
  }
  set(kUid, row.uid);
  set(kCgroupId, static_cast<double>(row.cgroup));
  set(kPidNamespace, row.pid_namespace);
  if (row.flags & ROW_HAS_TIMES) {
    WriteTimes(slot, index, row, out);
  } else if (slot.has_first_times) {
    WriteTimes(slot, index, row, out);
  }
  slot.has_first_times = false;
  slot.kernel_thread = row.flags & ROW_KERNEL_THREAD;
  // A kernel thread is known by the longer name that procfs makes of it.
  const uint32_t length = static_cast<uint32_t>(strnlen(row.comm, sizeof row.comm));
  if (!slot.kernel_thread && (length != slot.comm_length || std::memcmp(row.comm, slot.comm, length) != 0)) {
    slot.comm_length = length;
    std::memcpy(slot.comm, row.comm, length);
    *renamed = true;
  }
  const Status status = has_memory ? Status::kOk : row.flags & ROW_TORN ? Status::kLost : Status::kNoMm;
  out.status[index] = static_cast<uint8_t>(status);
}

void KernelCounters::WriteTimes(Slot& slot, uint32_t index, const tidemark_row& row, const Columns& out) {
  double* cell = out.values + index;
  const size_t stride = out.stride;
  Times told{row.told_user_time, row.told_system_time};
  if (slot.user_ns + slot.system_ns > told.user + told.system) told = {slot.user_ns, slot.system_ns};
  const Times times = Adjust(row, told);
  slot.user_ns = times.user;
  slot.system_ns = times.system;
  cell[kMinorFaults * stride] = static_cast<double>(row.minor_faults);
  cell[kMajorFaults * stride] = static_cast<double>(row.major_faults);
  cell[kUserTime * stride] = static_cast<double>(times.user / tick_ns_ * tick_ns_);
  cell[kSystemTime * stride] = static_cast<double>(times.system / tick_ns_ * tick_ns_);
  cell[kThreads * stride] = static_cast<double>(row.threads);
  cell[kParentPid * stride] = static_cast<double>(row.parent);
}

}  // namespace tidemark
