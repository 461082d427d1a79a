#pragma once
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace harmonic {

// Zeros that begin at a cache line. Large arrays take memory only as they are written.
class AlignedFloats {
 public:
  AlignedFloats() = default;
  explicit AlignedFloats(size_t n)
      : memory_(std::calloc(n + kAlignment, sizeof(float)), std::free) {
    if (!memory_) throw std::bad_alloc();
    const auto address = reinterpret_cast<uintptr_t>(memory_.get());
    const uintptr_t unit = kAlignment * sizeof(float);
    data_ = reinterpret_cast<float*>((address + unit - 1) / unit * unit);
  }

  float* data() const { return data_; }

 private:
  static constexpr size_t kAlignment = 16;
  std::unique_ptr<void, void (*)(void*)> memory_{nullptr, std::free};
  float* data_ = nullptr;
};

}  // namespace harmonic
