#pragma once
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace harmonic {

// Zeros that begin at a cache line. Large arrays take memory only as they are written.
template <class T>
class AlignedArray {
 public:
  AlignedArray() = default;
  explicit AlignedArray(size_t n) : memory_(std::calloc(n * sizeof(T) + kAlignment, 1), std::free) {
    if (!memory_) throw std::bad_alloc();
    const auto address = reinterpret_cast<uintptr_t>(memory_.get());
    data_ = reinterpret_cast<T*>((address + kAlignment - 1) / kAlignment * kAlignment);
  }

  T* data() const { return data_; }

 private:
  static constexpr size_t kAlignment = 64;  // bytes
  std::unique_ptr<void, void (*)(void*)> memory_{nullptr, std::free};
  T* data_ = nullptr;
};

using AlignedFloats = AlignedArray<float>;

}  // namespace harmonic
