// Loaded programs on their way from one thread to another: who has tried whether the kernel takes them need not be who
// sweeps, and to load them again takes the kernel 60 ms.
#pragma once

#include <cstdint>
#include <memory>

#include "kernel_counters.h"

namespace tidemark {

// Keeps them until they are taken, or the process ends. The key is never 0.
uint32_t Park(std::unique_ptr<KernelCounters> counters);

// Nothing under that key, or no longer: null.
std::unique_ptr<KernelCounters> TakeParked(uint32_t key);

}  // namespace tidemark
