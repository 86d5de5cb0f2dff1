// Exports of tokenizers.cc.
#pragma once

#include <napi.h>

namespace tidemark {

void ExportTokenizers(Napi::Env env, Napi::Object exports);

}  // namespace tidemark
