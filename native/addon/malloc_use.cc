// What malloc of this process says of itself: mallinfo2 of glibc 2.33 and later.
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

}  // namespace

void ExportMallocUse(Napi::Env env, Napi::Object exports) {
  exports.Set("mallocUse", Napi::Function::New<MallocUse>(env, "mallocUse"));
}

}  // namespace tidemark
