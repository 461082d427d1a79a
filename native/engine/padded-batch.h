#pragma once
#include <cstdint>

#include "engine/train-batch.h"

namespace harmonic {

// What the graph of a training pass depends on of its batch.
struct BatchShape {
  int64_t n_groups, length;  // groups are computed as one of this length, or each is of it
  int64_t n_loss;            // positions under loss

  int64_t n_tokens() const { return n_groups * length; }
  bool operator==(const BatchShape& other) const {
    return n_groups == other.n_groups && length == other.length && n_loss == other.n_loss;
  }
};

// A batch as a device computes it: groups as long as the longest, so that their attentions are one
// batch of products, and sizes of few kinds, so that the graph of one is that of the next. What is
// filled up with lies behind each group and weighs nothing. A function of the batch alone.
struct PaddedBatch {
  explicit PaddedBatch(const TrainBatch& batch);

  // Of so many groups that the longest is of `longest`, with up to n_loss positions under loss.
  static BatchShape shape_of(int64_t n_groups, int64_t longest, int64_t n_loss);

  BatchShape shape;
  TrainBatch batch;
};

}  // namespace harmonic
