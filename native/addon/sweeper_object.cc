#include "sweeper_object.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "../procfs/smaps_rollup.h"
#include "../sweep/clock.h"
#include "arguments.h"

namespace tidemark {
namespace {

// Arguments of a sweep: the slots to read, and how many of them.
struct SlotList {
  uint32_t* slots = nullptr;
  size_t count = 0;
};

bool TakeSlots(const Napi::CallbackInfo& info, SlotList* out) {
  constexpr const char* kSentence = "Expected a Uint32Array of slots and how many of them to read";
  size_t available = 0;
  if (!TakeArray(info[0], 0, &out->slots, &available, kSentence)) return false;
  int64_t count = TakeIndex(info[1], static_cast<int64_t>(available));
  if (count < 0) return Refuse(info.Env(), kSentence);
  out->count = static_cast<size_t>(count);
  return true;
}

// Arguments 2 and 3 of a sweep: one Float64Array with all columns, and the statuses, whose length is the stride.
bool TakeColumns(const Napi::CallbackInfo& info, const SlotList& list, size_t columns, Columns* out) {
  constexpr const char* kSentence =
      "Expected a Float64Array of columns x rows, a Uint8Array of rows, and slots below it";
  if (!TakeArray(info[3], 0, &out->status, &out->stride, kSentence) ||
      !TakeArray(info[2], columns * out->stride, &out->values, nullptr, kSentence)) {
    return false;
  }
  for (size_t i = 0; i < list.count; i++) {
    if (list.slots[i] >= out->stride) return Refuse(info.Env(), kSentence);
  }
  return true;
}

// Argument 0.
bool TakeSlot(const Napi::CallbackInfo& info, uint32_t* out) {
  int64_t slot = TakeIndex(info[0], int64_t{kMaxSlots} - 1);
  if (slot < 0) return Refuse(info.Env(), "Expected a slot, a whole number below 1048576");
  static_assert(kMaxSlots == 1048576, "the sentence above names it");
  *out = static_cast<uint32_t>(slot);
  return true;
}

}  // namespace

// (root, pageSize, clockTicksPerSecond, maxKept, readers, deadlineNs); 0 readers: as many as there is use for
SweeperObject::SweeperObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<SweeperObject>(info) {
  int64_t readers = TakeIndex(info[4], kMostReaders);
  int64_t deadline_ns = TakeIndex(info[5], int64_t{1} << 53);
  if (!info[0].IsString() || !info[1].IsNumber() || !info[2].IsNumber() || !info[3].IsNumber() || readers < 0 ||
      deadline_ns < 1) {
    Refuse(info.Env(),
           "Expected the root of a procfs tree, its page size, its clock ticks, a number of descriptors, of readers "
           "from 0 "
           "to 4, and the deadline of a read");
    return;
  }
  static_assert(kMostReaders == 4, "the sentence above names it");
  if (readers == 0) readers = static_cast<int64_t>(std::min(AllowedCpus(), kMostReaders));
  std::string root = info[0].As<Napi::String>().Utf8Value();
  auto sweeper =
      std::make_unique<Sweeper>(root, info[1].As<Napi::Number>().Int64Value(), info[2].As<Napi::Number>().Int64Value(),
                                info[3].As<Napi::Number>().Uint32Value(), static_cast<size_t>(readers), deadline_ns);
  if (int error = sweeper->tree().error()) {
    Napi::Error failure = Napi::Error::New(info.Env(), "Cannot open " + root + ": " + std::strerror(error));
    failure.Set("errno", Napi::Number::New(info.Env(), error));
    failure.ThrowAsJavaScriptException();
    return;
  }
  sweeper_ = std::move(sweeper);
}

bool SweeperObject::Open(const Napi::Env& env) const {
  if (!sweeper_) Refuse(env, "This sweeper is closed");
  return sweeper_ != nullptr;
}

// (slot, pid, numbers: Float64Array(4), comm: Uint8Array(64)) -> status. numbers: start ticks, parent, flags, comm
// length
Napi::Value SweeperObject::Attach(const Napi::CallbackInfo& info) {
  uint32_t slot = 0;
  double* numbers = nullptr;
  uint8_t* comm = nullptr;
  if (!Open(info.Env()) || !TakeSlot(info, &slot) ||
      !TakeArray(info[2], 4, &numbers, nullptr, "Expected a Float64Array of 4") ||
      !TakeArray(info[3], kMaxComm, &comm, nullptr, "Expected a Uint8Array of 64")) {
    return info.Env().Undefined();
  }
  int64_t pid = TakeIndex(info[1], INT32_MAX);
  if (pid < 1) {
    Refuse(info.Env(), "Expected a pid, a whole number from 1 to 2147483647");
    return info.Env().Undefined();
  }
  Identity identity;
  Status status = sweeper_->Attach(slot, static_cast<int>(pid), &identity);
  if (status == Status::kOk) {
    numbers[0] = static_cast<double>(identity.start_ticks);
    numbers[1] = static_cast<double>(identity.parent_pid);
    numbers[2] = static_cast<double>(identity.flags);
    numbers[3] = identity.comm_length;
    std::memcpy(comm, identity.comm, kMaxComm);
  }
  return Napi::Number::New(info.Env(), static_cast<uint8_t>(status));
}

void SweeperObject::Detach(const Napi::CallbackInfo& info) {
  uint32_t slot = 0;
  if (sweeper_ && TakeSlot(info, &slot)) sweeper_->Detach(slot);
}

// (slot, comm: Uint8Array(64)) -> length of the name at the last sweep
Napi::Value SweeperObject::Comm(const Napi::CallbackInfo& info) {
  uint32_t slot = 0;
  uint8_t* comm = nullptr;
  if (!Open(info.Env()) || !TakeSlot(info, &slot) ||
      !TakeArray(info[1], kMaxComm, &comm, nullptr, "Expected a Uint8Array of 64")) {
    return info.Env().Undefined();
  }
  uint32_t length;
  const uint8_t* name = sweeper_->Comm(slot, &length);
  if (name) std::memcpy(comm, name, length);
  return Napi::Number::New(info.Env(), length);
}

// (slot) -> ok when its process still has its pid
Napi::Value SweeperObject::IsThere(const Napi::CallbackInfo& info) {
  uint32_t slot = 0;
  if (!Open(info.Env()) || !TakeSlot(info, &slot)) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), static_cast<uint8_t>(sweeper_->IsThere(slot)));
}

// (slots, count, columns, statuses, renamed: Uint32Array, times: BigInt64Array(2), statEvery, phase) -> how many were
// renamed
Napi::Value SweeperObject::SweepCounters(const Napi::CallbackInfo& info) {
  SlotList list;
  Columns columns{};
  uint32_t* renamed = nullptr;
  int64_t* times = nullptr;
  if (!Open(info.Env()) || !TakeSlots(info, &list) || !TakeColumns(info, list, kCounterFields, &columns) ||
      !TakeArray(info[4], list.count, &renamed, nullptr, "Expected a Uint32Array with room for every slot") ||
      !TakeArray(info[5], 2, &times, nullptr, "Expected a BigInt64Array of two")) {
    return info.Env().Undefined();
  }
  int64_t stat_every = TakeIndex(info[6], UINT32_MAX);
  int64_t phase = TakeIndex(info[7], UINT32_MAX);
  if (stat_every < 1 || phase < 0) {
    Refuse(info.Env(), "Expected how often stat is read, from 1, and the phase, from 0");
    return info.Env().Undefined();
  }
  times[0] = MonotonicNs();
  size_t renames = sweeper_->SweepCounters(list.slots, list.count, columns, static_cast<uint32_t>(stat_every),
                                           static_cast<uint32_t>(phase), renamed);
  times[1] = MonotonicNs();
  return Napi::Number::New(info.Env(), static_cast<double>(renames));
}

// (slots, count, columns, statuses, times: BigInt64Array(2), stop: bigint) -> how many were read
Napi::Value SweeperObject::SweepRollup(const Napi::CallbackInfo& info) {
  SlotList list;
  Columns columns{};
  int64_t* times = nullptr;
  int64_t stop_ns = 0;
  if (!Open(info.Env()) || !TakeSlots(info, &list) || !TakeColumns(info, list, kDeepFields, &columns) ||
      !TakeArray(info[4], 2, &times, nullptr, "Expected a BigInt64Array of two") || !TakeInstant(info[5], &stop_ns)) {
    return info.Env().Undefined();
  }
  times[0] = MonotonicNs();
  size_t done = sweeper_->SweepRollup(list.slots, list.count, columns, stop_ns);
  times[1] = MonotonicNs();
  return Napi::Number::New(info.Env(), static_cast<double>(done));
}

// (slots, count, columns, statuses, times: BigInt64Array(2), stop: bigint, maxHold: nanoseconds) -> how many were read
Napi::Value SweeperObject::SweepPaced(const Napi::CallbackInfo& info) {
  SlotList list;
  Columns columns{};
  int64_t* times = nullptr;
  int64_t stop_ns = 0;
  if (!Open(info.Env()) || !TakeSlots(info, &list) || !TakeColumns(info, list, kDeepFields, &columns) ||
      !TakeArray(info[4], 2, &times, nullptr, "Expected a BigInt64Array of two") || !TakeInstant(info[5], &stop_ns)) {
    return info.Env().Undefined();
  }
  int64_t max_hold_ns = TakeIndex(info[6], 4'000'000'000);
  if (max_hold_ns < 1) {
    Refuse(info.Env(), "Expected the longest hold in nanoseconds, from 1 to 4000000000");
    return info.Env().Undefined();
  }
  times[0] = MonotonicNs();
  size_t done = sweeper_->SweepPaced(list.slots, list.count, columns, max_hold_ns, stop_ns);
  times[1] = MonotonicNs();
  return Napi::Number::New(info.Env(), static_cast<double>(done));
}

// (slots, count, statuses, table: ArrayBuffer, capacity, text: Uint8Array, spans: Uint32Array(2 x count),
//  holds: BigUint64Array(count), times: BigInt64Array(2), stop: bigint, needed: Float64Array(2),
//  maxHold: nanoseconds of a read in pieces, 0: whole) -> how many were read
Napi::Value SweeperObject::SweepMappings(const Napi::CallbackInfo& info) {
  constexpr const char* kSentence = "Expected the buffers of a mappings sweep";
  SlotList list;
  uint8_t* status = nullptr;
  size_t rows = 0;
  uint8_t* text = nullptr;
  size_t text_bytes = 0;
  uint32_t* spans = nullptr;
  uint64_t* holds = nullptr;
  int64_t* times = nullptr;
  int64_t stop_ns = 0;
  double* needed = nullptr;
  if (!Open(info.Env()) || !TakeSlots(info, &list) || !TakeArray(info[2], 0, &status, &rows, kSentence) ||
      !TakeArray(info[5], 0, &text, &text_bytes, kSentence) ||
      !TakeArray(info[6], 2 * list.count, &spans, nullptr, kSentence) ||
      !TakeArray(info[7], list.count, &holds, nullptr, kSentence) ||
      !TakeArray(info[8], 2, &times, nullptr, kSentence) || !TakeInstant(info[9], &stop_ns) ||
      !TakeArray(info[10], 2, &needed, nullptr, kSentence)) {
    return info.Env().Undefined();
  }
  int64_t asked = TakeIndex(info[4], UINT32_MAX);
  int64_t max_hold_ns = TakeIndex(info[11], 4'000'000'000);
  size_t capacity = static_cast<size_t>(asked);
  if (!info[3].IsArrayBuffer() || asked < 0 || max_hold_ns < 0 || capacity % 8 != 0 ||
      info[3].As<Napi::ArrayBuffer>().ByteLength() != MappingTable::Bytes(capacity)) {
    Refuse(info.Env(), kSentence);
    return info.Env().Undefined();
  }
  for (size_t i = 0; i < list.count; i++) {
    if (list.slots[i] >= rows) {
      Refuse(info.Env(), kSentence);
      return info.Env().Undefined();
    }
  }
  MappingRows out{MappingTable(static_cast<uint8_t*>(info[3].As<Napi::ArrayBuffer>().Data()), capacity),
                  text,
                  text_bytes,
                  spans,
                  spans + list.count,
                  holds};
  size_t needed_rows = 0;
  size_t needed_text = 0;
  times[0] = MonotonicNs();
  size_t done =
      sweeper_->SweepMappings(list.slots, list.count, status, out, max_hold_ns, stop_ns, &needed_rows, &needed_text);
  times[1] = MonotonicNs();
  needed[0] = static_cast<double>(needed_rows);
  needed[1] = static_cast<double>(needed_text);
  return Napi::Number::New(info.Env(), static_cast<double>(done));
}

// (out: Int32Array) -> how many pids there are, or -errno
Napi::Value SweeperObject::ListPids(const Napi::CallbackInfo& info) {
  int32_t* out = nullptr;
  size_t capacity = 0;
  if (!Open(info.Env()) || !TakeArray(info[0], 0, &out, &capacity, "Expected an Int32Array for the pids")) {
    return info.Env().Undefined();
  }
  return Napi::Number::New(info.Env(), static_cast<double>(sweeper_->tree().ListPids(out, capacity)));
}

Napi::Value SweeperObject::LastPid(const Napi::CallbackInfo& info) {
  if (!Open(info.Env())) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), static_cast<double>(sweeper_->tree().LastPid()));
}

Napi::Value SweeperObject::Kept(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), sweeper_ ? static_cast<double>(sweeper_->kept()) : 0);
}

// (out: Float64Array(1)) fills in the CPU nanoseconds of the reader threads so far -> how many of them are stuck
Napi::Value SweeperObject::Readers(const Napi::CallbackInfo& info) {
  double* out = nullptr;
  if (!Open(info.Env()) || !TakeArray(info[0], 1, &out, nullptr, "Expected a Float64Array of one")) {
    return info.Env().Undefined();
  }
  out[0] = static_cast<double>(sweeper_->ReaderCpuNs());
  return Napi::Number::New(info.Env(), static_cast<double>(sweeper_->StuckReaders()));
}

void SweeperObject::Close(const Napi::CallbackInfo&) { sweeper_.reset(); }

void SweeperObject::Export(Napi::Env env, Napi::Object exports) {
  exports.Set("Sweeper", DefineClass(env, "Sweeper",
                                     {
                                         InstanceMethod<&SweeperObject::Attach>("attach"),
                                         InstanceMethod<&SweeperObject::Detach>("detach"),
                                         InstanceMethod<&SweeperObject::Comm>("comm"),
                                         InstanceMethod<&SweeperObject::IsThere>("isThere"),
                                         InstanceMethod<&SweeperObject::SweepCounters>("sweepCounters"),
                                         InstanceMethod<&SweeperObject::SweepRollup>("sweepRollup"),
                                         InstanceMethod<&SweeperObject::SweepPaced>("sweepPaced"),
                                         InstanceMethod<&SweeperObject::SweepMappings>("sweepMappings"),
                                         InstanceMethod<&SweeperObject::ListPids>("listPids"),
                                         InstanceMethod<&SweeperObject::LastPid>("lastPid"),
                                         InstanceMethod<&SweeperObject::Kept>("kept"),
                                         InstanceMethod<&SweeperObject::Readers>("readers"),
                                         InstanceMethod<&SweeperObject::Close>("close"),
                                     }));
}

}  // namespace tidemark
