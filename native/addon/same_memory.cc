// The comparison of memory maps as a function of two pids.
#include "same_memory.h"

#include "../sweep/same_memory.h"
#include "arguments.h"

namespace tidemark {
namespace {

// (first, second) -> 0, 1, 2 or a negative errno
Napi::Value Compare(const Napi::CallbackInfo& info) {
  int64_t first = TakeIndex(info[0], INT32_MAX);
  int64_t second = TakeIndex(info[1], INT32_MAX);
  if (first < 1 || second < 1) {
    Refuse(info.Env(), "Expected two pids");
    return info.Env().Undefined();
  }
  return Napi::Number::New(info.Env(), CompareMemory(static_cast<int32_t>(first), static_cast<int32_t>(second)));
}

}  // namespace

void ExportSameMemory(Napi::Env env, Napi::Object exports) {
  exports.Set("compareMemory", Napi::Function::New<Compare>(env, "compareMemory"));
}

}  // namespace tidemark
