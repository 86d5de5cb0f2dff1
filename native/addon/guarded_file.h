// `readGuarded` as JavaScript sees it.
#pragma once

#include <napi.h>

namespace tidemark {

void ExportGuardedFile(Napi::Env env, Napi::Object exports);

}  // namespace tidemark
