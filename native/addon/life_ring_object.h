// The class `LifeRing` as JavaScript sees it: a thin skin over native/bpf/life_ring.h.
#pragma once

#include <napi.h>

namespace tidemark {

void ExportLifeRing(Napi::Env env, Napi::Object exports);

}  // namespace tidemark
