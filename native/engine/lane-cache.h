#pragma once
#include <vector>

#include "engine/aligned-array.h"
#include "engine/lane-matrix.h"
#include "engine/weights.h"

namespace harmonic {

// Keys and values of many sequences, kLanes of them side by side: sequence s is lane s % kLanes of
// block s / kLanes.
class LaneCache {
 public:
  LaneCache(const Hyperparameters& hp, int n_sequences, int capacity);

  // Of a layer and block: shape (capacity, kv_dim, kLanes).
  float* keys(int layer, int block) const { return keys_.data() + at(layer, block); }
  float* values(int layer, int block) const { return values_.data() + at(layer, block); }
  // From a position to the next.
  size_t stride() const { return stride_; }
  int capacity() const { return capacity_; }
  int n_blocks() const { return n_blocks_; }

  int length(int sequence) const { return lengths_[sequence]; }
  void set_length(int sequence, int length) { lengths_[sequence] = length; }
  void clear();
  // The sequences `to`, ascending, get the positions of `from` in place of their own.
  void copy(int from, const std::vector<int>& to);
  // One position of a sequence for another.
  struct Copy {
    int from, to, position;
  };
  // Of positions that both have, ascending by `to`.
  void copy_positions(const std::vector<Copy>& copies);

 private:
  size_t at(int layer, int block) const {
    return (static_cast<size_t>(layer) * n_blocks_ + block) * capacity_ * stride_;
  }

  int n_layers_, n_blocks_, capacity_;
  size_t stride_;
  AlignedFloats keys_, values_;
  std::vector<int> lengths_;
};

}  // namespace harmonic
