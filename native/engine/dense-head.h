#pragma once
#include <cstdint>
#include <vector>

#include "engine/dense-model.h"
#include "engine/train-batch.h"

namespace harmonic {

// The ids that may follow at a position: rows of the head, and where each label is among them.
struct HeadSet {
  std::vector<int32_t> rows;  // ascending
  bool contiguous;
  std::vector<int32_t> places;  // of each label; -1: not allowed; empty: the label itself
};

// The softmax over the ids that are allowed at each position, and no product with others: positions
// of a set are multiplied by its rows of the head at once.
class DenseHead {
 public:
  // vocabulary: ids that carry loss, ascending, or empty for all; allowed_sets: shape (sets,
  // labels), or empty where all are allowed.
  DenseHead(const DenseModel& model, const std::vector<int32_t>& vocabulary,
            const std::vector<uint8_t>& allowed_sets);

  int64_t n_labels() const { return n_labels_; }
  int64_t n_sets() const { return static_cast<int64_t>(sets_.size()); }

  // x (n, n_embd) are the normed outputs of `positions` (indices into the batch's loss positions),
  // which share a set; weights lie as the model's values do. Writes losses[position]; with a
  // gradient (an array like the weights) adds to the head's part of it and writes dx (n, n_embd).
  void run(int32_t set, const float* weights, const TrainBatch& batch, const int32_t* positions,
           int64_t n, const float* x, float* gradient, float* dx, float* losses) const;

 private:
  void lose(const HeadSet& set, const TrainBatch& batch, int32_t position, float* logits,
            float* losses) const;

  const DenseModel& model_;
  int64_t n_labels_;
  std::vector<HeadSet> sets_;
};

}  // namespace harmonic
