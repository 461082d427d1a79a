#pragma once
#include <cstdint>
#include <vector>

#include "engine/dense-model.h"
#include "engine/train-batch.h"

namespace harmonic {

// Labels that may follow at some positions. Those of set s are labels[offsets[s]] ..
// labels[offsets[s + 1] - 1], ascending, so that columns of their own ids take no more than these.
struct LabelSets {
  std::vector<int32_t> offsets = {0};  // (sets + 1); no sets: all labels may follow everywhere
  std::vector<int32_t> labels;
};

// The rows of the head that may follow at a position.
struct HeadSet {
  std::vector<int32_t> rows;  // ascending
  bool contiguous;
  std::vector<int32_t> labels;  // of the rows; where they follow one another the first alone

  // Where a label is among the rows; -1: it is not.
  int64_t place(int32_t label) const;
};

// The softmax over the ids that are allowed at each position, and no product with others: positions
// of a set are multiplied by its rows of the head at once.
class DenseHead {
 public:
  // vocabulary: ids that carry loss, ascending, or empty for all. Throws Error E_USAGE for sets
  // that are not of its labels.
  DenseHead(const DenseModel& model, const std::vector<int32_t>& vocabulary,
            const LabelSets& allowed_sets);

  int64_t n_labels() const { return n_labels_; }
  int64_t n_sets() const { return static_cast<int64_t>(sets_.size()); }
  // Throws Error E_USAGE for a batch of other sets, or of labels that its sets do not hold. Call
  // after check_batch().
  void check(const TrainBatch& batch) const;

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
  bool checks_;  // not all labels may follow everywhere
  std::vector<HeadSet> sets_;
};

}  // namespace harmonic
