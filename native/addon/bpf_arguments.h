// What both classes of the second addon take and throw.
#pragma once

#include <napi.h>

#include <string>

#include "../bpf/objects.h"
#include "arguments.h"

namespace tidemark {

// Throws an error whose message is why the kernel refused, and whose `errno` is that.
inline void ThrowRefusal(Napi::Env env, int error, const std::string& reason) {
  Napi::Error failure = Napi::Error::New(env, reason);
  failure.Set("errno", Napi::Number::New(env, error));
  failure.ThrowAsJavaScriptException();
}

// Four arguments: the kind of a selection, an effective user, a cgroup as bigint, and a pid namespace.
inline bool TakeSelection(const Napi::CallbackInfo& info, size_t first, tidemark_selection* out) {
  const int64_t kind = TakeIndex(info[first], SELECT_NAMESPACE);
  const int64_t uid = TakeIndex(info[first + 1], UINT32_MAX);
  const int64_t pid_namespace = TakeIndex(info[first + 3], UINT32_MAX);
  if (kind < 0 || uid < 0 || !info[first + 2].IsBigInt() || pid_namespace < 0) {
    return Refuse(info.Env(), "Expected what to select: a kind, a user, a cgroup as bigint and a pid namespace");
  }
  bool lossless;
  out->kind = static_cast<uint32_t>(kind);
  out->uid = static_cast<uint32_t>(uid);
  out->cgroup = info[first + 2].As<Napi::BigInt>().Uint64Value(&lossless);
  out->pid_namespace = static_cast<uint32_t>(pid_namespace);
  return true;
}

}  // namespace tidemark
