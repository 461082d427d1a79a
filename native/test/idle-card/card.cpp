#include "card.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace idle {
namespace {

// Of cards from compute capability 9.0 on.
constexpr unsigned kMostThreads = 1024, kMostInZ = 64, kMostBlocks = 65'535;
constexpr size_t kShared = 48 << 10;
constexpr size_t kPage = 2 << 20;

using Lock = std::lock_guard<std::recursive_mutex>;

}  // namespace

Card& Card::get() {
  static Card* card = new Card;  // outlives whatever else ends with the process
  return *card;
}

Card::Card() {
  const char* memory = std::getenv("HARMONIC_CARD_MEMORY");
  total_ = memory != nullptr ? std::strtoull(memory, nullptr, 10) : 80'000'000'000;
  std::atexit([] { get().report(); });
}

size_t Card::free() {
  const Lock lock(mutex_);
  return total_ - used_;
}

void* Card::map(size_t bytes, bool counted) {
  const int file = memfd_create("idle-card", 0);
  if (file < 0 || ftruncate(file, static_cast<off_t>(bytes)) != 0) return nullptr;
  const auto at = [&](int protection) {
    return mmap(nullptr, bytes, protection, MAP_SHARED | MAP_NORESERVE, file, 0);
  };
  void* address = at(PROT_NONE);
  blocks_[reinterpret_cast<uintptr_t>(address)] = {static_cast<char*>(at(PROT_READ | PROT_WRITE)),
                                                   bytes, file, counted};
  return address;
}

void* Card::allocate(size_t bytes) {
  const Lock lock(mutex_);
  bytes = std::max(kPage, (bytes + kPage - 1) / kPage * kPage);
  return take(bytes) ? map(bytes, true) : nullptr;
}

void* Card::reserve(size_t bytes) {
  const Lock lock(mutex_);
  return map(bytes, false);
}

bool Card::release(void* address) {
  const Lock lock(mutex_);
  const auto found = blocks_.find(reinterpret_cast<uintptr_t>(address));
  if (found == blocks_.end()) return address == nullptr;
  const Block& block = found->second;
  if (block.counted) give(block.size);
  munmap(block.readable, block.size);
  munmap(address, block.size);
  close(block.file);
  blocks_.erase(found);
  return true;
}

bool Card::take(size_t bytes) {
  const Lock lock(mutex_);
  if (used_ + bytes > total_) return false;
  used_ += bytes;
  most_used_ = std::max(most_used_, used_);
  return true;
}

void Card::give(size_t bytes) {
  const Lock lock(mutex_);
  used_ -= bytes;
}

void Card::name_kernel(const void* kernel, const std::string& name) {
  const Lock lock(mutex_);
  names_[kernel] = name;
}

void Card::allow_shared(const void* kernel, size_t bytes) {
  const Lock lock(mutex_);
  shared_[kernel] = bytes;
}

bool Card::launch(const void* kernel, const Launch& l, Stream& stream) {
  const Lock lock(mutex_);
  const auto name = names_.find(kernel);
  const auto shared = shared_.find(kernel);
  const unsigned threads = l.block[0] * l.block[1] * l.block[2];
  const bool fits = l.grid[0] > 0 && l.grid[1] > 0 && l.grid[2] > 0 && threads > 0 &&
                    threads <= kMostThreads && l.block[2] <= kMostInZ && l.grid[0] <= INT32_MAX &&
                    l.grid[1] <= kMostBlocks && l.grid[2] <= kMostBlocks &&
                    l.shared <= (shared == shared_.end() ? kShared : shared->second);
  if (name == names_.end() || !fits) {
    fault("a launch of " + (name == names_.end() ? "no kernel" : name->second) + ", grid " +
          std::to_string(l.grid[0]) + " " + std::to_string(l.grid[1]) + " " +
          std::to_string(l.grid[2]) + ", threads " + std::to_string(threads) + ", shared " +
          std::to_string(l.shared));
    return false;
  }
  launches_++;
  if (stream.recording) stream.recorded.push_back({Work::Kind::kKernel});
  return true;
}

void Card::multiply(Stream& stream) {
  const Lock lock(mutex_);
  products_++;
  if (stream.recording) stream.recorded.push_back({Work::Kind::kProduct});
}

char* Card::readable(const void* address, size_t bytes, bool& on_card) {
  const auto place = reinterpret_cast<uintptr_t>(address);
  auto found = blocks_.upper_bound(place);
  on_card = found != blocks_.begin() && place < (--found)->first + found->second.size;
  if (!on_card) return static_cast<char*>(const_cast<void*>(address));
  const size_t first = place - found->first;
  if (first + bytes > found->second.size) {
    fault("a copy or fill that leaves its memory");
    return nullptr;
  }
  return found->second.readable + first;
}

bool Card::copy_or_fill(const Work& work, Stream& stream) {
  const Lock lock(mutex_);
  if (!stream.recording) return apply(work);
  stream.recorded.push_back(work);
  return true;
}

bool Card::apply(const Work& w) {
  if (w.width == 0 || w.height == 0) return true;
  bool to_card = false, from_card = false;
  char* to = readable(w.to, w.to_pitch * (w.height - 1) + w.width, to_card);
  if (to == nullptr) return false;
  if (w.kind == Work::Kind::kFill) {
    std::memset(to, w.value, w.width);
    return true;
  }
  const char* from = readable(w.from, w.from_pitch * (w.height - 1) + w.width, from_card);
  if (from == nullptr) return false;
  for (size_t i = 0; i < w.height; i++)
    std::memmove(to + i * w.to_pitch, from + i * w.from_pitch, w.width);
  if (to_card && !from_card) {
    copies_to_++;
    bytes_to_ += w.width * w.height;
  } else if (from_card && !to_card) {
    copies_from_++;
    bytes_from_ += w.width * w.height;
  }
  return true;
}

void Card::begin(Stream& stream) {
  const Lock lock(mutex_);
  recordings_++;
  stream.recording = true;
}

std::vector<Work>* Card::end(Stream& stream) {
  const Lock lock(mutex_);
  stream.recording = false;
  auto* recorded = new std::vector<Work>(std::move(stream.recorded));
  stream.recorded.clear();
  return recorded;
}

bool Card::play(const std::vector<Work>& recorded) {
  const Lock lock(mutex_);
  plays_++;
  return std::all_of(recorded.begin(), recorded.end(), [this](const Work& work) {
    const bool computes = work.kind == Work::Kind::kKernel || work.kind == Work::Kind::kProduct;
    return computes || apply(work);
  });
}

void Card::fault(const std::string& what) {
  const Lock lock(mutex_);
  faults_.insert(what);
}

void Card::report() const {
  const char* path = std::getenv("HARMONIC_CARD_REPORT");
  FILE* file = path != nullptr ? std::fopen(path, "w") : nullptr;
  if (file == nullptr) return;
  const std::pair<const char*, size_t> counts[] = {
      {"launches", launches_},  {"products", products_},      {"recordings", recordings_},
      {"plays", plays_},        {"copiesTo", copies_to_},     {"bytesTo", bytes_to_},
      {"mostUsed", most_used_}, {"copiesFrom", copies_from_}, {"bytesFrom", bytes_from_}};
  std::fprintf(file, "{\n");
  for (const auto& [name, count] : counts) std::fprintf(file, "  \"%s\": %zu,\n", name, count);
  std::fprintf(file, "  \"faults\": [");
  const char* comma = "";
  for (const std::string& text : faults_) {
    std::fprintf(file, "%s\n    \"%s\"", comma, text.c_str());
    comma = ",";
  }
  std::fprintf(file, "]\n}\n");
  std::fclose(file);
}

}  // namespace idle
