#include "engine/lane-cache.h"

#include <algorithm>

namespace harmonic {

LaneCache::LaneCache(const Hyperparameters& hp, int n_sequences, int capacity)
    : n_layers_(hp.n_layers),
      n_blocks_((n_sequences + kLanes - 1) / kLanes),
      capacity_(capacity),
      stride_(static_cast<size_t>(hp.kv_dim()) * kLanes),
      keys_(at(n_layers_, 0)),
      values_(at(n_layers_, 0)),
      lengths_(n_sequences, 0) {}

void LaneCache::clear() { std::fill(lengths_.begin(), lengths_.end(), 0); }

void LaneCache::copy(int from, const std::vector<int>& to) {
  const size_t n = lengths_[from] * stride_;
  for (size_t begin = 0, end; begin < to.size(); begin = end) {
    // All lanes of a block row by row, so that each row is gone to once.
    const int block = to[begin] / kLanes;
    for (end = begin; end < to.size() && to[end] / kLanes == block; end++)
      lengths_[to[end]] = lengths_[from];
    for (int layer = 0; layer < n_layers_; layer++) {
      for (const AlignedFloats* held : {&keys_, &values_}) {
        const float* source = held->data() + at(layer, from / kLanes) + from % kLanes;
        float* target = held->data() + at(layer, block);
        for (size_t i = 0; i < n; i += kLanes) {
          for (size_t t = begin; t < end; t++) target[i + to[t] % kLanes] = source[i];
        }
      }
    }
  }
}

void LaneCache::copy_positions(const std::vector<Copy>& copies) {
  struct Lanes {
    const float* source;
    float* target;
  };
  std::vector<Lanes> lanes;
  for (size_t begin = 0, end; begin < copies.size(); begin = end) {
    // All lanes of a block row by row, so that each row is gone to once.
    const int block = copies[begin].to / kLanes;
    for (end = begin; end < copies.size() && copies[end].to / kLanes == block;) end++;
    for (int layer = 0; layer < n_layers_; layer++) {
      for (const AlignedFloats* held : {&keys_, &values_}) {
        lanes.clear();
        for (size_t c = begin; c < end; c++) {
          const auto& [from, to, position] = copies[c];
          const float* source = held->data() + at(layer, from / kLanes) + from % kLanes;
          float* target = held->data() + at(layer, block) + to % kLanes;
          lanes.push_back({source + position * stride_, target + position * stride_});
        }
        for (size_t i = 0; i < stride_; i += kLanes) {
          for (const Lanes& lane : lanes) lane.target[i] = lane.source[i];
        }
      }
    }
  }
}

}  // namespace harmonic
