// The sweep over texts as a function that fills the caller's arrays.
#include "text_sweep.h"

#include <string>
#include <vector>

#include "../procfs/stat_rows.h"
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

// (bytes, starts, lengths, first, stride, rows, numbers: Float64Array, words: Uint32Array): the `stat` of every row,
// text `first` of each
void StatRows(const Napi::CallbackInfo& info) {
  uint8_t* bytes = nullptr;
  uint32_t* starts = nullptr;
  int32_t* lengths = nullptr;
  double* numbers = nullptr;
  uint32_t* words = nullptr;
  size_t size = 0, texts = 0;
  constexpr int64_t kMost = int64_t{1} << 31;
  int64_t first = TakeIndex(info[3], kMost), stride = TakeIndex(info[4], kMost), rows = TakeIndex(info[5], kMost);
  if (first < 0 || stride <= first || rows < 0) {
    Refuse(info.Env(), "Expected the number of a text, of texts in a row, and of rows");
    return;
  }
  if (!TakeArray(info[0], 0, &bytes, &size, "Expected the bytes of a sweep") ||
      !TakeArray(info[1], static_cast<size_t>(rows * stride), &starts, &texts, "Expected the starts of a sweep") ||
      !TakeArray(info[2], texts, &lengths, nullptr, "Expected the lengths of a sweep") ||
      !TakeArray(info[6], static_cast<size_t>(rows) * kStatFields, &numbers, nullptr,
                 "Expected a Float64Array for the fields of stat") ||
      !TakeArray(info[7], static_cast<size_t>(rows) * kStatRowWords, &words, nullptr,
                 "Expected a Uint32Array for the words of stat")) {
    return;
  }
  for (int64_t row = 0; row < rows; row++) {
    size_t at = static_cast<size_t>(row * stride + first);
    if (lengths[at] > 0 && size_t{starts[at]} + static_cast<size_t>(lengths[at]) > size) {
      Refuse(info.Env(), "Expected texts inside the bytes of the sweep");
      return;
    }
  }
  TokenizeStatRows(bytes, starts + first, lengths + first, static_cast<size_t>(stride), static_cast<size_t>(rows),
                   numbers, words);
}

}  // namespace

void ExportTextSweep(Napi::Env env, Napi::Object exports) {
  exports.Set("readTexts", Napi::Function::New<Read>(env, "readTexts"));
  exports.Set("tokenizeStatRows", Napi::Function::New<StatRows>(env, "tokenizeStatRows"));
}

}  // namespace tidemark
