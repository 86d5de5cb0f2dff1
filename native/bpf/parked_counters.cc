#include "parked_counters.h"

#include <map>
#include <mutex>
#include <utility>

namespace tidemark {
namespace {

// One for all threads of the process, each of which has the addon for itself.
struct Parked {
  std::mutex lock;
  uint32_t last_key = 0;
  std::map<uint32_t, std::unique_ptr<KernelCounters>> counters;
};

Parked& AllParked() {
  static Parked parked;
  return parked;
}

}  // namespace

uint32_t Park(std::unique_ptr<KernelCounters> counters) {
  counters->Forget();
  Parked& parked = AllParked();
  const std::lock_guard<std::mutex> held(parked.lock);
  const uint32_t key = ++parked.last_key;
  parked.counters[key] = std::move(counters);
  return key;
}

std::unique_ptr<KernelCounters> TakeParked(uint32_t key) {
  Parked& parked = AllParked();
  const std::lock_guard<std::mutex> held(parked.lock);
  const auto found = parked.counters.find(key);
  if (found == parked.counters.end()) return nullptr;
  std::unique_ptr<KernelCounters> counters = std::move(found->second);
  parked.counters.erase(found);
  return counters;
}

}  // namespace tidemark
