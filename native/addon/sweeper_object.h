// The class `Sweeper` as JavaScript sees it: a thin skin over native/sweep/sweeper.h. One call sweeps many processes.
#pragma once

#include <napi.h>

#include <memory>

#include "../sweep/sweeper.h"

namespace tidemark {

class SweeperObject : public Napi::ObjectWrap<SweeperObject> {
 public:
  static void Export(Napi::Env env, Napi::Object exports);
  explicit SweeperObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value Attach(const Napi::CallbackInfo& info);
  void Detach(const Napi::CallbackInfo& info);
  Napi::Value Comm(const Napi::CallbackInfo& info);
  Napi::Value IsThere(const Napi::CallbackInfo& info);
  Napi::Value SweepCounters(const Napi::CallbackInfo& info);
  Napi::Value SweepRollup(const Napi::CallbackInfo& info);
  Napi::Value SweepPaced(const Napi::CallbackInfo& info);
  Napi::Value SweepMappings(const Napi::CallbackInfo& info);
  Napi::Value ListPids(const Napi::CallbackInfo& info);
  Napi::Value LastPid(const Napi::CallbackInfo& info);
  Napi::Value Kept(const Napi::CallbackInfo& info);
  Napi::Value Readers(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);
  bool Open(const Napi::Env& env) const;

  std::unique_ptr<Sweeper> sweeper_;
};

}  // namespace tidemark
