#include "life_ring_object.h"

#include <memory>

#include "../bpf/life_ring.h"
#include "bpf_arguments.h"

namespace tidemark {
namespace {

class LivesObject : public Napi::ObjectWrap<LivesObject> {
 public:
  static void Export(Napi::Env env, Napi::Object exports) {
    exports.Set("LifeRing", DefineClass(env, "LifeRing",
                                        {
                                            InstanceMethod<&LivesObject::Add>("add"),
                                            InstanceMethod<&LivesObject::Drain>("drain"),
                                            InstanceMethod<&LivesObject::Counts>("counts"),
                                            InstanceMethod<&LivesObject::Close>("close"),
                                        }));
  }

  // (ringBytes, exactCpus, isInitialNamespace, kind, uid, cgroup: bigint, pidNamespace)
  explicit LivesObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<LivesObject>(info) {
    const int64_t bytes = TakeIndex(info[0], 1 << 30);
    const int64_t cpus = TakeIndex(info[1], INT32_MAX);
    const bool is_power = bytes >= 4096 && (bytes & (bytes - 1)) == 0;
    tidemark_selection selection{};
    if (!is_power || cpus < 0 || !info[2].IsBoolean()) {
      Refuse(info.Env(), "Expected a power of two of bytes, a number of processors and a boolean");
      return;
    }
    if (!TakeSelection(info, 3, &selection)) return;
    auto lives = std::make_unique<LifeRing>();
    const int error = lives->Open(static_cast<uint32_t>(bytes), selection, info[2].As<Napi::Boolean>().Value(),
                                  static_cast<uint32_t>(cpus));
    if (error < 0) {
      ThrowRefusal(info.Env(), error, lives->reason());
      return;
    }
    lives_ = std::move(lives);
  }

 private:
  bool Open(Napi::Env env) const {
    if (!lives_) Refuse(env, "This ring is closed");
    return lives_ != nullptr;
  }

  // (pid of the initial namespace) -> 0 or -errno
  Napi::Value Add(const Napi::CallbackInfo& info) {
    const int64_t pid = TakeIndex(info[0], INT32_MAX);
    if (!Open(info.Env())) return info.Env().Undefined();
    if (pid < 1) {
      Refuse(info.Env(), "Expected a pid");
      return info.Env().Undefined();
    }
    return Napi::Number::New(info.Env(), lives_->Add(static_cast<uint32_t>(pid)));
  }

  // (out: Uint8Array) -> how many lives of 72 bytes were put there
  Napi::Value Drain(const Napi::CallbackInfo& info) {
    static_assert(sizeof(tidemark_life) == 72, "src/engine/lives.ts knows the layout");
    uint8_t* out = nullptr;
    size_t bytes = 0;
    if (!Open(info.Env()) || !TakeArray(info[0], 0, &out, &bytes, "Expected a Uint8Array")) {
      return info.Env().Undefined();
    }
    const size_t capacity = bytes / sizeof(tidemark_life);
    return Napi::Number::New(info.Env(),
                             static_cast<double>(lives_->Drain(reinterpret_cast<tidemark_life*>(out), capacity)));
  }

  // (out: Float64Array(3)) fills in: told, lost, forks
  void Counts(const Napi::CallbackInfo& info) {
    double* out = nullptr;
    if (!Open(info.Env()) || !TakeArray(info[0], 3, &out, nullptr, "Expected a Float64Array of three")) return;
    out[0] = static_cast<double>(lives_->told());
    out[1] = static_cast<double>(lives_->lost());
    out[2] = static_cast<double>(lives_->forks());
  }

  void Close(const Napi::CallbackInfo&) { lives_.reset(); }

  std::unique_ptr<LifeRing> lives_;
};

}  // namespace

void ExportLifeRing(Napi::Env env, Napi::Object exports) { LivesObject::Export(env, exports); }

}  // namespace tidemark
