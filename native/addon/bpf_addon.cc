// The second addon: the engine that sweeps by programs in the kernel. The first works without it.
#include <napi.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "../bpf/kernel_counters.h"
#include "../bpf/parked_counters.h"
#include "../sweep/clock.h"
#include "bpf_arguments.h"
#include "life_ring_object.h"

namespace tidemark {
namespace {

class CountersObject : public Napi::ObjectWrap<CountersObject> {
 public:
  static void Export(Napi::Env env, Napi::Object exports) {
    exports.Set("KernelCounters", DefineClass(env, "KernelCounters",
                                              {
                                                  InstanceMethod<&CountersObject::Attach>("attach"),
                                                  InstanceMethod<&CountersObject::Bind>("bind"),
                                                  InstanceMethod<&CountersObject::Detach>("detach"),
                                                  InstanceMethod<&CountersObject::TgidOf>("tgidOf"),
                                                  InstanceMethod<&CountersObject::Comm>("comm"),
                                                  InstanceMethod<&CountersObject::SweepCounters>("sweepCounters"),
                                                  InstanceMethod<&CountersObject::ListPids>("listPids"),
                                                  InstanceMethod<&CountersObject::Narrow>("narrow"),
                                                  InstanceMethod<&CountersObject::WatchPeaks>("watchPeaks"),
                                                  InstanceMethod<&CountersObject::PeakEvents>("peakEvents"),
                                                  InstanceMethod<&CountersObject::Facts>("facts"),
                                                  InstanceMethod<&CountersObject::Park>("park"),
                                                  InstanceMethod<&CountersObject::Close>("close"),
                                              }));
  }

  // (pageSize, clockTicksPerSecond, exactCpus, method: 0 best, 1 walk, 2 iterate, isInitialNamespace, parked?): what
  // was parked under that key in this process if it is there still, and then the others say nothing.
  explicit CountersObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<CountersObject>(info) {
    const int64_t page_size = TakeIndex(info[0], INT32_MAX);
    const int64_t ticks = TakeIndex(info[1], 1000000000);
    const int64_t cpus = TakeIndex(info[2], INT32_MAX);
    const int64_t method = TakeIndex(info[3], 2);
    if (page_size < 1 || ticks < 1 || cpus < 0 || method < 0 || !info[4].IsBoolean()) {
      Refuse(info.Env(), "Expected a page size, clock ticks, a number of processors, a method and a boolean");
      return;
    }
    const int64_t key = info[5].IsUndefined() ? 0 : TakeIndex(info[5], UINT32_MAX);
    if (key < 0) {
      Refuse(info.Env(), "Expected the key of parked counters");
      return;
    }
    counters_ = TakeParked(static_cast<uint32_t>(key));
    if (counters_) return;
    auto counters = std::make_unique<KernelCounters>(static_cast<uint64_t>(page_size), static_cast<uint64_t>(ticks),
                                                     static_cast<uint32_t>(cpus));
    const int error = counters->Open(static_cast<Method>(method), info[4].As<Napi::Boolean>().Value());
    if (error < 0) {
      ThrowRefusal(info.Env(), error, counters->reason());
      return;
    }
    counters_ = std::move(counters);
  }

 private:
  bool Open(Napi::Env env) const {
    if (!counters_) Refuse(env, "These counters are closed");
    return counters_ != nullptr;
  }

  bool TakeSlot(const Napi::CallbackInfo& info, uint32_t* out) const {
    int64_t slot = TakeIndex(info[0], int64_t{kMaxSlots} - 1);
    if (slot < 0) return Refuse(info.Env(), "Expected a slot, a whole number below 1048576");
    *out = static_cast<uint32_t>(slot);
    return true;
  }

  bool TakePid(const Napi::Value& value, uint32_t* out) const {
    int64_t pid = TakeIndex(value, INT32_MAX);
    if (pid < 1) return Refuse(value.Env(), "Expected a pid, a whole number from 1 to 2147483647");
    *out = static_cast<uint32_t>(pid);
    return true;
  }

  // (slot, pid, numbers: Float64Array(4), comm: Uint8Array(64)) -> status; as Sweeper.attach
  Napi::Value Attach(const Napi::CallbackInfo& info) {
    uint32_t slot = 0;
    uint32_t pid = 0;
    double* numbers = nullptr;
    uint8_t* comm = nullptr;
    if (!Open(info.Env()) || !TakeSlot(info, &slot) || !TakePid(info[1], &pid) ||
        !TakeArray(info[2], 4, &numbers, nullptr, "Expected a Float64Array of 4") ||
        !TakeArray(info[3], kMaxComm, &comm, nullptr, "Expected a Uint8Array of 64")) {
      return info.Env().Undefined();
    }
    Identity identity;
    const Status status = counters_->Attach(slot, pid, &identity);
    if (status == Status::kOk) {
      numbers[0] = static_cast<double>(identity.start_ticks);
      numbers[1] = static_cast<double>(identity.parent_pid);
      numbers[2] = static_cast<double>(identity.flags);
      numbers[3] = identity.comm_length;
      std::memcpy(comm, identity.comm, kMaxComm);
    }
    return Napi::Number::New(info.Env(), static_cast<uint8_t>(status));
  }

  // (slot, pid, startTicks, comm: Uint8Array) -> status
  Napi::Value Bind(const Napi::CallbackInfo& info) {
    uint32_t slot = 0;
    uint32_t pid = 0;
    uint8_t* comm = nullptr;
    size_t length = 0;
    const int64_t ticks = TakeIndex(info[2], int64_t{1} << 53);
    if (!Open(info.Env()) || !TakeSlot(info, &slot) || !TakePid(info[1], &pid) ||
        !TakeArray(info[3], 0, &comm, &length, "Expected a name as Uint8Array")) {
      return info.Env().Undefined();
    }
    if (ticks < 0) {
      Refuse(info.Env(), "Expected a start time in clock ticks");
      return info.Env().Undefined();
    }
    const Status status = counters_->Bind(slot, pid, static_cast<uint64_t>(ticks), comm, static_cast<uint32_t>(length));
    return Napi::Number::New(info.Env(), static_cast<uint8_t>(status));
  }

  void Detach(const Napi::CallbackInfo& info) {
    uint32_t slot = 0;
    if (counters_ && TakeSlot(info, &slot)) counters_->Detach(slot);
  }

  // (pid) -> the pid in the initial namespace, or 0
  Napi::Value TgidOf(const Napi::CallbackInfo& info) {
    uint32_t pid = 0;
    if (!Open(info.Env()) || !TakePid(info[0], &pid)) return info.Env().Undefined();
    return Napi::Number::New(info.Env(), counters_->TgidOf(pid));
  }

  // (slot, comm: Uint8Array(64)) -> length of the name at the last sweep
  Napi::Value Comm(const Napi::CallbackInfo& info) {
    uint32_t slot = 0;
    uint8_t* comm = nullptr;
    if (!Open(info.Env()) || !TakeSlot(info, &slot) ||
        !TakeArray(info[1], kMaxComm, &comm, nullptr, "Expected a Uint8Array of 64")) {
      return info.Env().Undefined();
    }
    uint32_t length;
    const uint8_t* name = counters_->Comm(slot, &length);
    if (name) std::memcpy(comm, name, length);
    return Napi::Number::New(info.Env(), length);
  }

  // (slots, count, values, statuses, renamed, times, timesEvery, phase) -> how many were renamed; as
  // Sweeper.sweepCounters
  Napi::Value SweepCounters(const Napi::CallbackInfo& info) {
    constexpr const char* kSentence =
        "Expected slots and their number, columns x rows, statuses, and slots below the rows";
    uint32_t* slots = nullptr;
    size_t available = 0;
    Columns columns{};
    uint32_t* renamed = nullptr;
    int64_t* times = nullptr;
    if (!Open(info.Env()) || !TakeArray(info[0], 0, &slots, &available, kSentence) ||
        !TakeArray(info[3], 0, &columns.status, &columns.stride, kSentence) ||
        !TakeArray(info[2], kCounterFields * columns.stride, &columns.values, nullptr, kSentence) ||
        !TakeArray(info[5], 2, &times, nullptr, kSentence)) {
      return info.Env().Undefined();
    }
    const int64_t count = TakeIndex(info[1], static_cast<int64_t>(available));
    const int64_t every = TakeIndex(info[6], UINT32_MAX);
    const int64_t phase = TakeIndex(info[7], UINT32_MAX);
    bool is_right = count >= 0 && every >= 1 && phase >= 0;
    for (int64_t i = 0; is_right && i < count; i++) is_right = slots[i] < columns.stride;
    if (!is_right) {
      Refuse(info.Env(), kSentence);
      return info.Env().Undefined();
    }
    if (!TakeArray(info[4], static_cast<size_t>(count), &renamed, nullptr, kSentence)) return info.Env().Undefined();
    times[0] = MonotonicNs();
    const size_t renames = counters_->Sweep(slots, static_cast<size_t>(count), columns, static_cast<uint32_t>(every),
                                            static_cast<uint32_t>(phase), renamed);
    times[1] = MonotonicNs();
    return Napi::Number::New(info.Env(), static_cast<double>(renames));
  }

  // (out: Int32Array) -> how many pids there are, or -errno
  Napi::Value ListPids(const Napi::CallbackInfo& info) {
    int32_t* out = nullptr;
    size_t capacity = 0;
    if (!Open(info.Env()) || !TakeArray(info[0], 0, &out, &capacity, "Expected an Int32Array for the pids")) {
      return info.Env().Undefined();
    }
    return Napi::Number::New(info.Env(), static_cast<double>(counters_->ListPids(out, capacity)));
  }

  // (kind, uid, cgroup, pidNamespace, root of a tree or 0)
  void Narrow(const Napi::CallbackInfo& info) {
    tidemark_selection selection{};
    if (!Open(info.Env()) || !TakeSelection(info, 0, &selection)) return;
    const int64_t root = TakeIndex(info[4], INT32_MAX);
    if (root < 0) {
      Refuse(info.Env(), "Expected the pid of a root, or 0");
      return;
    }
    counters_->Narrow(selection, static_cast<uint32_t>(root));
  }

  // (isOn: boolean) -> 0 or -errno
  Napi::Value WatchPeaks(const Napi::CallbackInfo& info) {
    if (!Open(info.Env())) return info.Env().Undefined();
    return Napi::Number::New(info.Env(), counters_->WatchPeaks(info[0].ToBoolean().Value()));
  }

  Napi::Value PeakEvents(const Napi::CallbackInfo& info) {
    if (!Open(info.Env())) return info.Env().Undefined();
    return Napi::Number::New(info.Env(), static_cast<double>(counters_->PeakEvents()));
  }

  // () -> { method, isExact }
  Napi::Value Facts(const Napi::CallbackInfo& info) {
    if (!Open(info.Env())) return info.Env().Undefined();
    Napi::Object facts = Napi::Object::New(info.Env());
    facts.Set("method", counters_->method() == Method::kWalk ? "walk" : "iterate");
    facts.Set("isExact", Napi::Boolean::New(info.Env(), counters_->is_exact()));
    return facts;
  }

  // () -> the key by which another thread of this process takes them; these are closed
  Napi::Value Park(const Napi::CallbackInfo& info) {
    if (!Open(info.Env())) return info.Env().Undefined();
    return Napi::Number::New(info.Env(), tidemark::Park(std::move(counters_)));
  }

  void Close(const Napi::CallbackInfo&) { counters_.reset(); }

  std::unique_ptr<KernelCounters> counters_;
};

// () -> the columns of a counters sweep as this addon was compiled
Napi::Value ColumnNames(const Napi::CallbackInfo& info) {
  Napi::Array out = Napi::Array::New(info.Env());
  for (const char* name : kCounterColumns) out.Set(out.Length(), name);
  return out;
}

// (key) lets go of what was parked under it, if nobody has taken it
void DropParked(const Napi::CallbackInfo& info) {
  const int64_t key = TakeIndex(info[0], UINT32_MAX);
  if (key < 0) {
    Refuse(info.Env(), "Expected the key of parked counters");
    return;
  }
  TakeParked(static_cast<uint32_t>(key));
}

}  // namespace
}  // namespace tidemark

static Napi::Object InitBpfAddon(Napi::Env env, Napi::Object exports) {
  tidemark::CountersObject::Export(env, exports);
  tidemark::ExportLifeRing(env, exports);
  exports.Set("dropParked", Napi::Function::New<tidemark::DropParked>(env, "dropParked"));
  exports.Set("columns", Napi::Function::New<tidemark::ColumnNames>(env, "columns"));
  return exports;
}
NODE_API_MODULE(tidemark_bpf, InitBpfAddon)
