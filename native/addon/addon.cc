// What the addon exports, and what it says about itself so that the loader can check that both sides agree.
#include <fcntl.h>
#include <napi.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "../procfs/mapping_table.h"
#include "../procfs/padding.h"
#include "../procfs/smaps_rollup.h"
#include "../procfs/status.h"
#include "../sweep/clock.h"
#include "../sweep/status.h"
#include "../sweep/sweeper.h"
#include "../sweep/urgency.h"
#include "arguments.h"
#include "guarded_file.h"
#include "kept_reads.h"
#include "malloc_use.h"
#include "mapped_file_object.h"
#include "read_ahead.h"
#include "same_memory.h"
#include "start_process.h"
#include "sweeper_object.h"
#include "text_sweep.h"
#include "tokenizers.h"

namespace tidemark {
namespace {

template <typename List, typename Name>
Napi::Array Names(Napi::Env env, const List& list, Name name) {
  Napi::Array out = Napi::Array::New(env);
  for (const auto& entry : list) out.Set(out.Length(), name(entry));
  return out;
}

// () -> { statuses, counters, rollup, holds, scores, statusKeys, padding }: the columns as this addon was compiled
Napi::Value Columns(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Napi::Object out = Napi::Object::New(env);
  auto itself = [](const char* name) { return name; };
  out.Set("statuses", Names(env, kStatusNames, itself));
  out.Set("counters", Names(env, kCounterColumns, itself));
  out.Set("rollup", Names(env, kRollupColumns, [](const RollupColumn& column) { return column.name; }));
  out.Set("holds", Names(env, kHoldColumns, itself));
  out.Set("scores", Names(env, kScoreColumns, [](const ScoreColumn& column) { return column.name; }));
  out.Set("statusKeys", Names(env, kStatusKeys, [](const StatusKey& key) { return key.key; }));
  out.Set("smapsKeys", Names(env, kSmapsKeys, [](const SmapsKey& key) { return key.key; }));
  out.Set("padding", Napi::Number::New(env, kPadding));
  return out;
}

// (capacity) -> [{ name, type, byteOffset }]
Napi::Value TableLayout(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  int64_t capacity = TakeIndex(info[0], UINT32_MAX);
  if (capacity < 0) {
    Refuse(env, "Expected the capacity of a table");
    return env.Undefined();
  }
  ColumnPlace places[kTableColumns];
  DescribeTable(static_cast<size_t>(capacity), places);
  Napi::Array out = Napi::Array::New(env);
  for (const ColumnPlace& place : places) {
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("name", place.name);
    entry.Set("type", place.type);
    entry.Set("byteOffset", Napi::Number::New(env, static_cast<double>(place.byte_offset)));
    out.Set(out.Length(), entry);
  }
  return out;
}

// (deadline: bigint) sleeps until the monotonic time in nanoseconds
void Sleep(const Napi::CallbackInfo& info) {
  int64_t deadline_ns = 0;
  if (TakeInstant(info[0], &deadline_ns)) SleepUntil(deadline_ns);
}

// (isAhead: boolean) -> errno: runs this thread ahead of all ordinary work, or no longer
Napi::Value SetAhead(const Napi::CallbackInfo& info) {
  if (!info[0].IsBoolean()) {
    Refuse(info.Env(), "Expected a boolean");
    return info.Env().Undefined();
  }
  return Napi::Number::New(info.Env(), RunAhead(info[0].As<Napi::Boolean>().Value()));
}

// (processor: int32, takesAll: boolean) -> errno: keeps this thread, or the whole process, off one processor; off none
// for -1
Napi::Value KeepOff(const Napi::CallbackInfo& info) {
  if (!info[0].IsNumber() || !info[1].IsBoolean()) {
    Refuse(info.Env(), "Expected a number and a boolean");
    return info.Env().Undefined();
  }
  const int processor = info[0].As<Napi::Number>().Int32Value();
  return Napi::Number::New(info.Env(), StayOff(processor, info[1].As<Napi::Boolean>().Value()));
}

// (out: BigInt64Array(4)) fills in the clocks: monotonic, real, boottime and this thread's CPU time, in nanoseconds
void Clocks(const Napi::CallbackInfo& info) {
  int64_t* out = nullptr;
  if (!TakeArray(info[0], 4, &out, nullptr, "Expected a BigInt64Array of four")) return;
  out[0] = MonotonicNs();
  out[1] = Nanoseconds(CLOCK_REALTIME);
  out[2] = Nanoseconds(CLOCK_BOOTTIME);
  out[3] = Nanoseconds(CLOCK_THREAD_CPUTIME_ID);
}

// (fd, bytes) -> errno: gives a file its blocks on the disk, so that a later write cannot fail for want of room
Napi::Value Preallocate(const Napi::CallbackInfo& info) {
  int64_t fd = TakeIndex(info[0], INT32_MAX);
  int64_t bytes = TakeIndex(info[1], int64_t{1} << 53);
  if (fd < 0 || bytes < 0) {
    Refuse(info.Env(), "Expected a descriptor and a number of bytes");
    return info.Env().Undefined();
  }
  int error = posix_fallocate(static_cast<int>(fd), 0, bytes);
  return Napi::Number::New(info.Env(), error);
}

// (fd) -> errno: takes the lock of an open file, or EAGAIN when somebody else has it
Napi::Value LockFile(const Napi::CallbackInfo& info) {
  int64_t fd = TakeIndex(info[0], INT32_MAX);
  if (fd < 0) {
    Refuse(info.Env(), "Expected a descriptor");
    return info.Env().Undefined();
  }
  int error = flock(static_cast<int>(fd), LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
  return Napi::Number::New(info.Env(), error);
}

// (fd) -> errno: puts /dev/null in the place of a descriptor, in one step: between a close and an open another thread's
// file would get its number
Napi::Value Silence(const Napi::CallbackInfo& info) {
  int64_t fd = TakeIndex(info[0], INT32_MAX);
  if (fd < 0) {
    Refuse(info.Env(), "Expected a descriptor");
    return info.Env().Undefined();
  }
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  int error = null < 0 || dup3(null, static_cast<int>(fd), O_CLOEXEC) < 0 ? errno : 0;
  if (null >= 0) close(null);
  return Napi::Number::New(info.Env(), error);
}

// (code) ends the process at once, with none of the work that Node does at its end
void EndProcess(const Napi::CallbackInfo& info) {
  int64_t code = TakeIndex(info[0], 255);
  if (code < 0) {
    Refuse(info.Env(), "Expected an exit code");
    return;
  }
  _exit(static_cast<int>(code));
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  ExportTokenizers(env, exports);
  SweeperObject::Export(env, exports);
  ExportTextSweep(env, exports);
  ExportKeptReads(env, exports);
  ExportSameMemory(env, exports);
  ExportGuardedFile(env, exports);
  ExportReadAhead(env, exports);
  ExportMallocUse(env, exports);
  ExportStartProcess(env, exports);
  MappedFileObject::Export(env, exports);
  exports.Set("columns", Napi::Function::New<Columns>(env, "columns"));
  exports.Set("tableLayout", Napi::Function::New<TableLayout>(env, "tableLayout"));
  exports.Set("runAhead", Napi::Function::New<SetAhead>(env, "runAhead"));
  exports.Set("stayOff", Napi::Function::New<KeepOff>(env, "stayOff"));
  exports.Set("sleepUntil", Napi::Function::New<Sleep>(env, "sleepUntil"));
  exports.Set("clocks", Napi::Function::New<Clocks>(env, "clocks"));
  exports.Set("preallocate", Napi::Function::New<Preallocate>(env, "preallocate"));
  exports.Set("lockFile", Napi::Function::New<LockFile>(env, "lockFile"));
  exports.Set("silence", Napi::Function::New<Silence>(env, "silence"));
  exports.Set("endProcess", Napi::Function::New<EndProcess>(env, "endProcess"));
  return exports;
}

}  // namespace
}  // namespace tidemark

static Napi::Object InitAddon(Napi::Env env, Napi::Object exports) { return tidemark::Init(env, exports); }
NODE_API_MODULE(tidemark, InitAddon)
