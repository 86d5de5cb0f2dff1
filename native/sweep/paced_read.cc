#include "paced_read.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>

#include "../procfs/maps.h"
#include "../procfs/padding.h"
#include "clock.h"

namespace tidemark {
namespace {

// Of <linux/fs.h> since 6.7, which is newer than the headers that this is built with.
struct PageRegion {
  uint64_t start, end, categories;
};
struct ScanArguments {
  uint64_t size, flags, start, end, walk_end, regions, region_count, max_pages;
  uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
constexpr unsigned long kPagemapScan = _IOWR('f', 16, ScanArguments);
constexpr uint64_t kIsPresent = 1 << 3, kIsSwapped = 1 << 4, kIsZeroPage = 1 << 5, kIsHuge = 1 << 6;

// Bits of an entry of pagemap.
constexpr uint64_t kPresent = uint64_t{1} << 63, kSwapped = uint64_t{1} << 62, kFileOrShmem = uint64_t{1} << 61;
constexpr uint64_t kExclusive = uint64_t{1} << 56, kPfn = (uint64_t{1} << 55) - 1;
constexpr uint64_t kAnonymous = uint64_t{1} << 63;  // our own, beside a PFN

constexpr size_t kRegions = 256;
// An address range without pages takes some 2 ms a TiB.
constexpr uint64_t kMostRange = uint64_t{32} << 30;
// Where huge pages end the next piece is read as if it were one of them: at 80 ns for a small page that is cold, the
// most may not be much.
constexpr uint64_t kFewestPages = 64, kFirstPages = 1024, kMostPages = 2048;
// Regions closer than this are read together.
constexpr uint64_t kGapPages = 32;
constexpr int64_t kLeastPauseNs = 500'000;
constexpr int64_t kMostPauseNs = 4'000'000;  // below what a reader that is stuck is told by
constexpr int64_t kPauseRatio = 6;
// Of more shared pages than this a sample is counted: all would cost half as much again as finding them.
constexpr uint64_t kMostCounted = 262'144;
constexpr size_t kSampleStep = 16;
constexpr int kShareShift = 12;  // as in the kernel's own sums
constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();

ssize_t ReadAt(int fd, void* into, size_t size, uint64_t at) {
  ssize_t got;
  do got = pread(fd, into, size, static_cast<off_t>(at));
  while (got < 0 && errno == EINTR);
  return got;
}

// Mappings whose pages are no resident memory, or are counted elsewhere.
bool IsLeftOut(const uint8_t* name, size_t length) {
  auto begins = [&](const char* with) {
    size_t size = std::strlen(with);
    return length >= size && std::memcmp(name, with, size) == 0;
  };
  return begins("[vvar") || begins("[vsyscall]") || begins("/anon_hugepage");
}

}  // namespace

struct PacedRead::Sums {
  uint64_t rss = 0, exclusive = 0, swapped = 0, huge = 0;             // pages
  uint64_t share = 0, anonymous_share = 0;                            // of pages that others map too
  uint64_t exclusive_anonymous = 0, anonymous = 0, shared_pages = 0;  // pages
  bool knows_shares = true;                                           // of all pages, and of none but a sample
  bool knows_sample = true;
  uint64_t unasked = 0, asked = 0;            // pages of which a sample stands for all, and that sample
  double asked_parts = 0, asked_squares = 0;  // sums of 1 / mappings

  void Add(const Sums& other) {
    rss += other.rss;
    exclusive += other.exclusive;
    swapped += other.swapped;
    huge += other.huge;
    share += other.share;
    anonymous_share += other.anonymous_share;
    exclusive_anonymous += other.exclusive_anonymous;
    anonymous += other.anonymous;
    shared_pages += other.shared_pages;
    knows_shares = knows_shares && other.knows_shares;
    knows_sample = knows_sample && other.knows_sample;
    unasked += other.unasked;
    asked += other.asked;
    asked_parts += other.asked_parts;
    asked_squares += other.asked_squares;
  }
};

// The target was held for so long; for so many pages, where these were looked at one by one.
void PacedRead::Held(int64_t ns, uint64_t pages) {
  held_ns_ += static_cast<uint64_t>(ns);
  hold_ns_ = std::max(hold_ns_, static_cast<uint64_t>(ns));
  burst_ns_ += ns;
  // A mapping of few pages tells nothing of a whole piece.
  if (pages >= piece_pages_) {
    if (ns > max_hold_ns_ / 4) piece_pages_ = std::max(kFewestPages, piece_pages_ / 2);
    if (ns < max_hold_ns_ / 16) piece_pages_ = std::min(kMostPages, piece_pages_ * 2);
  }
  if (burst_ns_ >= max_hold_ns_ / 8) {
    SleepUntil(MonotonicNs() + std::min(kMostPauseNs, std::max(kLeastPauseNs, burst_ns_ * kPauseRatio)));
    burst_ns_ = 0;
  }
  Beat();
}

int64_t PacedRead::ReadPages(int pagemap, uint64_t start, uint64_t end) {
  const uint64_t pages = (end - start) / page_size_;
  if (!entries_.Reserve(pages)) return -ENOMEM;
  int64_t began = MonotonicNs();
  ssize_t got = ReadAt(pagemap, entries_.data(), pages * 8, start / page_size_ * 8);
  int64_t took = MonotonicNs() - began;
  if (got < 0) return -errno;
  if (got == 0) return -ENODATA;  // its memory has gone: an exec, or its end
  Held(took, pages);
  return got / 8;
}

int64_t PacedRead::ReadRange(Sums& sums, int pagemap, int kpagecount, uint64_t start, uint64_t end) {
  PageRegion regions[kRegions];
  for (uint64_t at = start; at < end;) {
    ScanArguments scan{};
    scan.size = sizeof scan;
    scan.start = at;
    scan.end = std::min(end, at + kMostRange);
    scan.regions = reinterpret_cast<uint64_t>(regions);
    scan.region_count = kRegions;
    scan.max_pages = piece_pages_;
    scan.category_anyof_mask = kIsPresent | kIsSwapped;
    // Not whether it is of a file, which pagemap tells as well: the scan would look at each page frame for it, and took
    // 80 ns a page instead of 10.
    scan.return_mask = kIsPresent | kIsSwapped | kIsZeroPage | kIsHuge;
    int64_t began = MonotonicNs();
    int found = ioctl(pagemap, kPagemapScan, &scan);
    int64_t took = MonotonicNs() - began;
    if (found < 0) return errno == ESRCH ? -ENODATA : -errno;
    Held(took, 0);
    for (int i = 0; i < found;) {
      int last = i;
      while (last + 1 < found && regions[last + 1].start - regions[last].end <= kGapPages * page_size_) last++;
      const uint64_t first = regions[i].start;
      int64_t got = ReadPages(pagemap, first, regions[last].end);
      if (got < 0) return got;
      const size_t most_shared = shared_count_ + static_cast<size_t>(got);
      if (most_shared > shared_.size() && !shared_.Reserve(most_shared + shared_.size())) return -ENOMEM;
      for (; i <= last; i++) {
        const PageRegion& region = regions[i];
        if (region.categories & kIsZeroPage) continue;
        const bool is_huge = (region.categories & kIsHuge) != 0;
        for (uint64_t page = region.start; page < region.end; page += page_size_) {
          const uint64_t place = (page - first) / page_size_;
          if (place >= static_cast<uint64_t>(got)) break;
          const uint64_t entry = entries_[place];
          if (!(entry & kPresent)) {
            sums.swapped += (entry & kSwapped) != 0;
            continue;
          }
          sums.rss++;
          sums.huge += is_huge && !(entry & kFileOrShmem);
          sums.anonymous += !(entry & kFileOrShmem);
          if (entry & kExclusive) {
            sums.exclusive++;
            sums.exclusive_anonymous += !(entry & kFileOrShmem);
          } else {
            sums.shared_pages++;
            shared_[shared_count_++] = (entry & kPfn) | (entry & kFileOrShmem ? 0 : kAnonymous);
          }
        }
      }
    }
    CountShared(sums, kpagecount);
    if (scan.walk_end <= at) return -ENODATA;
    at = scan.walk_end;
  }
  return 0;
}

// Shares of the pages of one piece that others map too. Takes no lock of the target.
void PacedRead::CountShared(Sums& sums, int kpagecount) {
  if (kpagecount < 0 && shared_count_ > 0) sums.knows_shares = sums.knows_sample = false;
  if (counted_ > kMostCounted && sums.knows_sample) SampleShared(sums, kpagecount);
  counted_ += shared_count_;
  uint64_t counts[512];
  for (size_t i = 0; i < shared_count_ && sums.knows_shares;) {
    const uint64_t first = shared_[i] & ~kAnonymous;
    size_t run = 1;
    while (run < 512 && i + run < shared_count_ && (shared_[i + run] & ~kAnonymous) == first + run) run++;
    ssize_t got = first == 0 ? -1 : ReadAt(kpagecount, counts, run * 8, first * 8);
    if (got != static_cast<ssize_t>(run * 8)) {
      sums.knows_shares = sums.knows_sample = false;  // PFNs are hidden from us
      break;
    }
    for (size_t page = 0; page < run; page++) {
      if (counts[page] == 0) {
        sums.rss--;  // nobody's: device memory
        continue;
      }
      const uint64_t share = (page_size_ << kShareShift) / counts[page];
      sums.share += share;
      if (shared_[i + page] & kAnonymous) sums.anonymous_share += share;
    }
    i += run;
  }
  shared_count_ = 0;
}

// The same of each sixteenth page, from one at random on.
void PacedRead::SampleShared(Sums& sums, int kpagecount) {
  random_ = random_ * 6364136223846793005u + 1442695040888963407u;
  for (size_t i = (random_ >> 33) % kSampleStep; i < shared_count_; i += kSampleStep) {
    const uint64_t frame = shared_[i] & ~kAnonymous;
    uint64_t count = 0;
    if (frame == 0 || ReadAt(kpagecount, &count, sizeof count, frame * 8) != sizeof count) {
      sums.knows_sample = false;
      break;
    }
    // Device memory is nobody's: none of it counts.
    const double part = count == 0 ? 0 : 1.0 / static_cast<double>(count);
    sums.asked++;
    sums.asked_parts += part;
    sums.asked_squares += part * part;
  }
  if (shared_count_ > 0) sums.knows_shares = false;
  sums.unasked += shared_count_;
  shared_count_ = 0;
}

// The mean part of a shared page that counts for this process, and the standard error of that mean.
void PacedRead::TellSample(const Sums& sums) {
  shared_part_ = shared_part_error_ = kAbsent;
  if (sums.knows_shares || !sums.knows_sample || sums.asked < 2) return;
  const double asked = static_cast<double>(sums.asked), unasked = static_cast<double>(sums.unasked);
  const double mean = sums.asked_parts / asked;
  const double variance = std::max(0.0, sums.asked_squares / asked - mean * mean) * asked / (asked - 1);
  const double counted = static_cast<double>(sums.share >> kShareShift) / static_cast<double>(page_size_);
  const double all = static_cast<double>(sums.shared_pages);
  shared_part_ = std::round(1e6 * (counted + unasked * mean) / all);
  shared_part_error_ = std::ceil(1e6 * unasked / all * std::sqrt(variance / asked));
}

// As the kernel's own text has it: what is not known here is absent, never 0.
void PacedRead::FillRow(MappingTable& table, size_t row, const Sums& sums, bool knows_swap) const {
  for (int column = 0; column < kSmapsColumns; column++) table.sizes[column * table.capacity + row] = kAbsent;
  auto set = [&](int column, double bytes) { table.sizes[column * table.capacity + row] = bytes; };
  auto bytes_of = [&](uint64_t pages) { return static_cast<double>(pages * page_size_); };
  const uint64_t end = table.addresses[kEnd * table.capacity + row];
  set(SmapsColumn("size"), static_cast<double>(end - table.addresses[kStart * table.capacity + row]));
  set(SmapsColumn("rss"), bytes_of(sums.rss));
  set(SmapsColumn("anonymous"), bytes_of(sums.anonymous));
  set(SmapsColumn("anonHugePages"), bytes_of(sums.huge));
  if (knows_swap) set(SmapsColumn("swap"), bytes_of(sums.swapped));
  if (knows_swap && sums.swapped == 0) set(SmapsColumn("swapPss"), 0);
  if (!sums.knows_shares) return;
  // Those by kind stand in smaps_rollup only.
  set(SmapsColumn("pss"), static_cast<double>(((sums.share >> kShareShift) + sums.exclusive * page_size_) >> 10 << 10));
}

MappingTable PacedRead::table() const {
  return MappingTable(const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(table_memory_.data())), rows_);
}

int64_t PacedRead::ReadAllOf(Sums& sums, int pagemap, int kpagecount) {
  int maps = folder_->Open(pid_, "maps");
  if (maps < 0) return maps;
  // Read in pieces of a page of text, so this is no hold in one go; where the kernel has locks per mapping, none at
  // all.
  int64_t length = ProcTree::ReadAll(maps, text_);
  close(maps);
  if (length <= 0) return length;
  Beat();
  size_t rows = static_cast<size_t>(std::count(text_.data(), text_.data() + length, '\n')) + 8;
  rows = (rows + 7) / 8 * 8;
  if (!table_memory_.Reserve(MappingTable::Bytes(rows) / 8 + 1)) return -ENOMEM;
  rows_ = rows;
  MappingTable table(reinterpret_cast<uint8_t*>(table_memory_.data()), rows);
  TokenizeMaps(text_.data(), static_cast<size_t>(length), table);
  for (size_t row = 0; row < table.header[kRows]; row++) {
    const uint64_t start = table.addresses[kStart * rows + row];
    const uint64_t end = table.addresses[kEnd * rows + row];
    const uint32_t name = table.words[kNameStart * rows + row];
    const uint32_t name_length = table.words[kNameLength * rows + row];
    Sums own;
    const bool is_read = start < end && start % page_size_ == 0 && end % page_size_ == 0 &&
                         !(name != kNoSpan && IsLeftOut(text_.data() + name, name_length));
    int64_t error = is_read ? ReadRange(own, pagemap, kpagecount, start, end) : 0;
    if (error < 0) return error;
    // What is swapped of a file in memory is not in the page tables, and every file system without a device may be one.
    const bool may_be_shmem = table.addresses[kInode * rows + row] != 0 && table.words[kDeviceMajor * rows + row] == 0;
    FillRow(table, row, own, !may_be_shmem);
    sums.Add(own);
  }
  return length;
}

void PacedRead::Run() {
  const int64_t began = MonotonicNs();
  hold_ns_ = held_ns_ = 0;
  burst_ns_ = 0;
  piece_pages_ = kFirstPages;
  shared_count_ = 0;
  counted_ = 0;
  int pagemap = folder_->Open(pid_, "pagemap");
  if (pagemap < 0) {
    length_ = pagemap;
    ended_ns_ = MonotonicNs();
    return;
  }
  int kpagecount = openat(folder_->fd(), "kpagecount", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  Sums sums;
  length_ = ReadAllOf(sums, pagemap, kpagecount);
  close(pagemap);
  if (kpagecount >= 0) close(kpagecount);
  ended_ns_ = MonotonicNs();
  duration_ns_ = static_cast<uint64_t>(ended_ns_ - began);
  const double page = static_cast<double>(page_size_);
  auto share = [&](uint64_t shared, uint64_t exclusive) {
    if (!sums.knows_shares) return kAbsent;
    return static_cast<double>(((shared >> kShareShift) + exclusive * page_size_) >> 10 << 10);
  };
  TellSample(sums);
  auto bytes = [&](uint64_t pages) { return static_cast<double>(pages) * page; };
  for (double& value : values_) value = kAbsent;
  for (int column = 0; column < kRollupFields; column++) {
    const char* name = kRollupColumns[column].name;
    auto is = [&](const char* other) { return std::strcmp(name, other) == 0; };
    if (is("pss")) values_[column] = share(sums.share, sums.exclusive);
    if (is("pssAnon")) values_[column] = share(sums.anonymous_share, sums.exclusive_anonymous);
    if (is("uss")) values_[column] = bytes(sums.exclusive);
    if (is("swap")) values_[column] = bytes(sums.swapped);
    if (is("swapPss") && sums.swapped == 0) values_[column] = 0;
    if (is("anonHugePages")) values_[column] = bytes(sums.huge);
  }
}

}  // namespace tidemark
