#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/weights.h"

namespace harmonic {

/** Positions begin .. end - 1 as a sequence of the cache holds them. */
struct CacheSpan {
  int sequence, begin, end;
  bool operator==(const CacheSpan& other) const {
    return sequence == other.sequence && begin == other.begin && end == other.end;
  }
};

/** Keys and values are held so. */
enum class CacheType { kFloat, kHalf };

/**
 * Keys and values of many sequences. What one sequence copies from another it reads there, so that
 * rows behind one prompt share its keys and values, and attention over them is computed for all at
 * once. Memory is touched only as positions are written.
 */
class KeyValueCache {
 public:
  /** Positions that products take at once: arrays are padded so. */
  static constexpr int kUnit = 32;

  KeyValueCache(const Hyperparameters& hp, int n_sequences, int capacity, CacheType type);

  CacheType type() const { return type_; }
  /** Of a layer, sequence and head: keys of shape (head_dim, stride), rotated, so that scores of
   * many positions are computed side by side. T: float or uint16_t, the bits of a half, by type. */
  template <class T>
  T* keys(int layer, int sequence, int head) const {
    return reinterpret_cast<T*>(keys_.get()) + at(layer, sequence, head);
  }
  /** Of shape (stride, padded_dim), zero behind head_dim. */
  template <class T>
  T* values(int layer, int sequence, int head) const {
    return reinterpret_cast<T*>(values_.get()) + at(layer, sequence, head);
  }
  int stride() const { return stride_; }
  int padded_dim() const { return padded_dim_; }
  int capacity() const { return capacity_; }

  int length(int sequence) const { return length_[sequence]; }
  /** Where the positions of a sequence that it did not write itself are; the others follow. */
  const std::vector<CacheSpan>& shared(int sequence) const { return shared_[sequence]; }

  void clear();
  /** Forgets the positions from `from` on. */
  void truncate(int sequence, int from);
  /** `to` gets the positions of `from` in place of its own. */
  void copy(int from, int to);
  /** Makes room for n more positions, to be written at once. */
  void extend(int sequence, int n);

 private:
  size_t at(int layer, int sequence, int head) const {
    return ((static_cast<size_t>(layer) * n_sequences_ + sequence) * n_heads_ + head) * stride_ *
           padded_dim_;
  }
  int own_from(int sequence) const {
    return shared_[sequence].empty() ? 0 : shared_[sequence].back().end;
  }
  void take_over(int sequence);
  template <class T>
  void copy_span(const CacheSpan& span, int to);

  CacheType type_;
  int n_layers_, n_sequences_, n_heads_, head_dim_, padded_dim_, capacity_, stride_;
  std::unique_ptr<uint8_t[]> keys_, values_;
  std::vector<int> length_;
  std::vector<std::vector<CacheSpan>> shared_;
};

}  // namespace harmonic
