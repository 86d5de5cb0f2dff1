// Everything in the addon that has threads, without Node, whose own memory and threads no sanitizer understands: files
// written through memory, reads ahead, guarded reads, sweeps of texts, and sweepers with their readers; several callers
// at once, some of which go away in the middle, and files that never answer. Prints what it did.
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "../../native/procfs/padding.h"
#include "../../native/ring/mapped_file.h"
#include "../../native/sweep/guarded_file.h"
#include "../../native/sweep/read_ahead.h"
#include "../../native/sweep/sweeper.h"
#include "../../native/sweep/text_sweep.h"

namespace tidemark {
namespace {

constexpr int kCallers = 3;
constexpr size_t kSlots = 64;

std::string folder;
std::atomic<uint64_t> stored{0}, pieces{0}, texts{0}, rows{0}, timeouts{0};

void Check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

std::string Place(const char* name, int caller) { return folder + "/" + name + std::to_string(caller); }

// Writes a file through memory and finds all of it there.
void StoreThroughMemory(int caller) {
  constexpr uint64_t kBytes = 1 << 20;
  const std::string path = Place("mapped", caller);
  int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  Check(fd >= 0 && ftruncate(fd, kBytes) == 0, "a file");
  std::unique_ptr<MappedFile> file;
  Check(MappedFile::Open(fd, kBytes, 1, &file) == 0, "a mapping");
  uint8_t bytes[256];
  for (uint64_t at = 0; at + 512 <= kBytes; at += 512) {
    std::memset(bytes, static_cast<int>(at / 512), sizeof bytes);
    file->Gather(at % 4096 == 0);
    Check(file->Write(at + 8, bytes, sizeof bytes) == 0 && file->Commit(at, 256, 7) == 0, "a store");
    if (at % 65536 == 0) Check(file->Settle() == 0, "a settled file");
    if (at % 32768 == 0) file->Kick();
    stored++;
  }
  Check(file->Settle() == 0 && file->TakeError() == 0, "a stored file");
  file.reset();
  uint8_t found[256];
  Check(pread(fd, found, sizeof found, kBytes - 512 + 8) == sizeof found && found[5] == 255, "what was stored");
  close(fd);
}

// A FIFO that nobody writes holds its reader for ever; this lets it go again.
void Release(const std::string& fifo) { close(open(fifo.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK)); }

void ReadAheadOfAll(int caller) {
  for (int round = 0; round < 20; round++) {
    ReadAhead reader;
    const int start = reader.Start("/proc/self/smaps", 4096);
    Check(start == 0 || start == ETIMEDOUT, "smaps");
    if (start != 0) continue;
    ReadAhead::Piece piece;
    // Every other one goes away in the middle.
    for (int taken = 0; round % 2 == 0 || taken < 2; taken++) {
      // On a busy host a reader may be left that only waits for its turn.
      const int error = reader.Take(&piece);
      Check(error == 0 || error == ETIMEDOUT, "a piece");
      if (error != 0) timeouts++;
      if (error != 0 || piece.length == 0) break;
      pieces++;
    }
  }
  const std::string fifo = Place("ahead", caller);
  Check(mkfifo(fifo.c_str(), 0600) == 0, "a FIFO");
  {
    ReadAhead stuck;
    if (stuck.Start(fifo, 4096) == ETIMEDOUT) timeouts++;
  }
  Release(fifo);
}

void ReadGuardedFiles(int caller) {
  int error = 0;
  for (int round = 0; round < 30; round++) {
    auto read = ReadGuarded("/proc/self/maps", 1 << 20, &error);
    Check(read ? read->length() > 0 : error == ETIMEDOUT, "guarded maps");
    if (read) texts++;
  }
  const std::string fifo = Place("guarded", caller);
  Check(mkfifo(fifo.c_str(), 0600) == 0, "a FIFO");
  if (!ReadGuarded(fifo, 4096, &error) && error == ETIMEDOUT) timeouts++;
  if (!ReadGuarded(fifo, 4096, &error) && error == ETIMEDOUT) timeouts++;
  Release(fifo);
}

std::vector<int32_t> AllPids() {
  ProcTree tree("/proc");
  std::vector<int32_t> pids(1 << 16);
  int64_t found = tree.ListPids(pids.data(), pids.size());
  Check(found > 0, "a list of processes");
  pids.resize(static_cast<size_t>(found));
  return pids;
}

void SweepTexts() {
  std::vector<int32_t> pids = AllPids();
  const std::vector<TextFile> files = {{"stat", 1024}, {"cmdline", 4096}};
  std::vector<uint8_t> bytes(4 << 20);
  std::vector<uint32_t> starts(pids.size() * files.size());
  std::vector<int32_t> lengths(pids.size() * files.size());
  for (int round = 0; round < 3; round++) {
    SweptTexts out{};
    out.bytes = bytes.data();
    out.size = bytes.size();
    out.starts = starts.data();
    out.lengths = lengths.data();
    Check(ReadTexts("/proc", pids.data(), pids.size(), files, out) == 0, "texts");
    texts += pids.size();
  }
}

// Sweeps in all tiers, each with less time than it takes, so that reads are under way when the sweeper goes.
void SweepTiers() {
  std::vector<int32_t> pids = AllPids();
  const size_t count = std::min(pids.size(), kSlots);
  for (int round = 0; round < 6; round++) {
    Sweeper sweeper("/proc", 4096, 100, round % 2 ? 8 : 1000, kMostReaders, kReadDeadlineNs);
    std::vector<uint32_t> slots(count), renamed(count);
    std::vector<double> values(kSlots * 64);
    std::vector<uint8_t> status(kSlots);
    Identity identity;
    for (uint32_t slot = 0; slot < count; slot++) {
      slots[slot] = slot;
      sweeper.Attach(slot, pids[slot], &identity);
    }
    const Columns out{values.data(), kSlots, status.data()};
    sweeper.SweepCounters(slots.data(), count, out, 1, 0, renamed.data());
    const int64_t soon = MonotonicNs() + 3'000'000;
    rows += sweeper.SweepRollup(slots.data(), count, out, soon);
    rows += sweeper.SweepPaced(slots.data(), count, out, 100'000, MonotonicNs() + 3'000'000);
    for (uint32_t slot = 0; slot < count; slot += 2) sweeper.Detach(slot);
    rows += sweeper.SweepRollup(slots.data(), count, out, round == 5 ? 0 : MonotonicNs() + 3'000'000);
  }
}

void* Call(void* argument) {
  const int caller = static_cast<int>(reinterpret_cast<intptr_t>(argument));
  StoreThroughMemory(caller);
  ReadAheadOfAll(caller);
  ReadGuardedFiles(caller);
  SweepTexts();
  SweepTiers();
  return nullptr;
}

}  // namespace
}  // namespace tidemark

int main(int, char** words) {
  tidemark::folder = words[1];
  pthread_t callers[tidemark::kCallers];
  for (intptr_t caller = 0; caller < tidemark::kCallers; caller++) {
    tidemark::Check(pthread_create(&callers[caller], nullptr, tidemark::Call, reinterpret_cast<void*>(caller)) == 0,
                    "a thread");
  }
  for (pthread_t caller : callers) pthread_join(caller, nullptr);
  std::printf("%llu stores, %llu pieces, %llu texts, %llu rows, %llu timeouts\n",
              static_cast<unsigned long long>(tidemark::stored), static_cast<unsigned long long>(tidemark::pieces),
              static_cast<unsigned long long>(tidemark::texts), static_cast<unsigned long long>(tidemark::rows),
              static_cast<unsigned long long>(tidemark::timeouts));
  return 0;
}
