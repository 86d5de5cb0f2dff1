// Reading files that stay open as a function of the addon.
#pragma once

#include <napi.h>

namespace tidemark {

void ExportKeptReads(Napi::Env env, Napi::Object exports);

}  // namespace tidemark
