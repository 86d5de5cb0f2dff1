// The sweep over texts as a function that fills the caller's arrays.
#include "text_sweep.h"

#include <string>
#include <vector>

#include "../sweep/text_sweep.h"
#include "arguments.h"

namespace tidemark {
namespace {

constexpr size_t kMostText = size_t{1} << 30;
// Of a name such as attr/current; the path is made on the stack.
constexpr size_t kMostName = 255;

// (root, pids: Int32Array, count, names: string[], mosts: Uint32Array, bytes: Uint8Array, starts: Uint32Array,
//  lengths: Int32Array) -> 0 or a negative errno
Napi::Value Read(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  int32_t* pids = nullptr;
  size_t pids_length = 0;
  uint32_t* mosts = nullptr;
  SweptTexts texts{};
  if (!TakeArray(info[1], 0, &pids, &pids_length, "Expected an Int32Array of pids")) return env.Undefined();
  int64_t count = TakeIndex(info[2], static_cast<int64_t>(pids_length));
  if (!info[0].IsString() || count < 0 || !info[3].IsArray()) {
    Refuse(env, "Expected a root, pids, their count and the names of files");
    return env.Undefined();
  }
  Napi::Array names = info[3].As<Napi::Array>();
  size_t files_length = names.Length();
  size_t cells = static_cast<size_t>(count) * files_length;
  if (!TakeArray(info[4], files_length, &mosts, nullptr, "Expected a Uint32Array with the most of each file") ||
      !TakeArray(info[5], kPadding, &texts.bytes, &texts.size, "Expected a buffer for texts") ||
      !TakeArray(info[6], cells, &texts.starts, nullptr, "Expected a Uint32Array for the starts") ||
      !TakeArray(info[7], cells, &texts.lengths, nullptr, "Expected an Int32Array for the lengths")) {
    return env.Undefined();
  }
  std::vector<TextFile> files;
  for (uint32_t i = 0; i < files_length; i++) {
    Napi::Value name = names.Get(i);
    if (!name.IsString() || mosts[i] > kMostText || name.As<Napi::String>().Utf8Value().size() > kMostName) {
      Refuse(env, "Expected the name of a file and at most a gigabyte of it");
      return env.Undefined();
    }
    files.push_back({name.As<Napi::String>().Utf8Value(), mosts[i]});
  }
  std::string root = info[0].As<Napi::String>().Utf8Value();
  return Napi::Number::New(env, ReadTexts(root, pids, static_cast<size_t>(count), files, texts));
}

}  // namespace

void ExportTextSweep(Napi::Env env, Napi::Object exports) {
  exports.Set("readTexts", Napi::Function::New<Read>(env, "readTexts"));
}

}  // namespace tidemark
