// What malloc of this process says of itself, mallinfo2 of glibc 2.33 and later, and how it is told to keep less.
//
// The traps: musl has none, and an older glibc has only mallinfo, whose numbers turn over at 4 GiB; so it is looked up
// when it is wanted, and this addon loads without it. It walks all free blocks of all arenas and holds each meanwhile:
// for marks only.
#include "malloc_use.h"

#include <dlfcn.h>

#include <cstddef>

#include "arguments.h"

namespace tidemark {
namespace {

// struct mallinfo2 of glibc, which the C library that this is compiled with need not have
struct MallocNumbers {
  size_t arena;
  size_t ordblks;
  size_t smblks;
  size_t hblks;
  size_t hblkhd;
  size_t usmblks;
  size_t fsmblks;
  size_t uordblks;
  size_t fordblks;
  size_t keepcost;
};

using Ask = MallocNumbers (*)();
using Tell = int (*)(int, int);

// Numbers of glibc's mallopt, which another C library need not have
enum { kTrimThreshold = -1, kMmapThreshold = -3, kArenaMax = -8 };

// (out: Float64Array(3)) -> boolean: bytes given out from arenas, free in them, and mapped one by one; false: nobody to
// ask
Napi::Value MallocUse(const Napi::CallbackInfo& info) {
  double* out = nullptr;
  if (!TakeArray(info[0], 3, &out, nullptr, "Expected a Float64Array of three")) return info.Env().Undefined();
  static Ask ask = reinterpret_cast<Ask>(dlsym(RTLD_DEFAULT, "mallinfo2"));
  if (ask == nullptr) return Napi::Boolean::New(info.Env(), false);
  MallocNumbers numbers = ask();
  out[0] = static_cast<double>(numbers.uordblks);
  out[1] = static_cast<double>(numbers.fordblks);
  out[2] = static_cast<double>(numbers.hblkhd);
  return Napi::Boolean::New(info.Env(), true);
}

// (bytes) -> boolean: from now on what is at least so large is mapped by itself and given back when it is freed, and
// new threads share the arenas that there are; false: nobody to tell
Napi::Value MallocLess(const Napi::CallbackInfo& info) {
  if (!info[0].IsNumber() || info[0].As<Napi::Number>().Int32Value() < 1) {
    Refuse(info.Env(), "Expected a number of bytes from 1");
    return info.Env().Undefined();
  }
  static Tell tell = reinterpret_cast<Tell>(dlsym(RTLD_DEFAULT, "mallopt"));
  if (tell == nullptr) return Napi::Boolean::New(info.Env(), false);
  int bytes = info[0].As<Napi::Number>().Int32Value();
  bool is_told = tell(kMmapThreshold, bytes) == 1 && tell(kTrimThreshold, bytes) == 1 && tell(kArenaMax, 1) == 1;
  return Napi::Boolean::New(info.Env(), is_told);
}

}  // namespace

void ExportMallocUse(Napi::Env env, Napi::Object exports) {
  exports.Set("mallocUse", Napi::Function::New<MallocUse>(env, "mallocUse"));
  exports.Set("mallocLess", Napi::Function::New<MallocLess>(env, "mallocLess"));
}

}  // namespace tidemark
