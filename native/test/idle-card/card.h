#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

// A card for CUDA that computes nothing, where there is no card: a runtime, a cuBLAS and a driver
// in place of NVIDIA's, for the prebuilt backend to load. Kernels and products do nothing; memory
// is the system's, and cannot be read at the address that the program has for it. So all of the
// host's side runs, and is watched: what is launched and with which sizes, what is copied, and
// which recorded graphs are played again. The environment of the process says
//   HARMONIC_CARD_MEMORY  bytes that it has [8e10]
//   HARMONIC_CARD_REPORT  a file that gets a JSON object of what happened, at the end
namespace idle {

/** What a recorded graph does, of which copies and fills alone have an effect. */
struct Work {
  enum class Kind { kKernel, kProduct, kCopy, kFill } kind;
  void* to = nullptr;
  const void* from = nullptr;
  size_t to_pitch = 0, from_pitch = 0, width = 0, height = 1;
  int value = 0;
};

struct Stream {
  bool recording = false;
  std::vector<Work> recorded;
};

/** The sizes of a launch. */
struct Launch {
  unsigned grid[3], block[3];
  size_t shared;  // bytes
};

/** All methods may be called from any thread. */
class Card {
 public:
  static Card& get();

  size_t total() const { return total_; }
  size_t free();
  /** Addresses of so many bytes, which count as used; null where the card has not as many. */
  void* allocate(size_t bytes);
  /** Addresses alone; what is used of them is told by take() and give(). */
  void* reserve(size_t bytes);
  bool release(void* address);
  bool take(size_t bytes);
  void give(size_t bytes);

  void name_kernel(const void* kernel, const std::string& name);
  void allow_shared(const void* kernel, size_t bytes);
  /** False, and a fault, where a card would refuse it. */
  bool launch(const void* kernel, const Launch& sizes, Stream& stream);
  void multiply(Stream& stream);
  bool copy_or_fill(const Work& work, Stream& stream);

  void begin(Stream& stream);
  std::vector<Work>* end(Stream& stream);
  bool play(const std::vector<Work>& recorded);
  void fault(const std::string& what);

 private:
  struct Block {
    char* readable;
    size_t size;
    int file;
    bool counted;
  };

  Card();
  ~Card() = delete;
  void report() const;
  void* map(size_t bytes, bool counted);
  /** Where the bytes at an address can be read and written; null where they leave their memory. */
  char* readable(const void* address, size_t bytes, bool& on_card);
  bool apply(const Work& work);

  std::recursive_mutex mutex_;
  size_t total_, used_ = 0, most_used_ = 0;
  std::map<uintptr_t, Block> blocks_;
  std::map<const void*, std::string> names_;
  std::map<const void*, size_t> shared_;
  size_t launches_ = 0, products_ = 0, recordings_ = 0, plays_ = 0;
  size_t copies_to_ = 0, bytes_to_ = 0, copies_from_ = 0, bytes_from_ = 0;
  std::set<std::string> faults_;
};

}  // namespace idle
