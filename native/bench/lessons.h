#pragma once
#include <string>
#include <vector>

#include "bench/arrays.h"
#include "engine/train-batch.h"
#include "engine/trainer.h"

namespace harmonic::bench {

/** Groups of rows to be trained on, which benchmarks/gpu/data.ts wrote. */
class Lessons {
 public:
  explicit Lessons(const Arrays& arrays);

  int size() const { return static_cast<int>(token_offsets_.size()) - 1; }
  int n_rows() const { return rows_; }
  /** Groups one after another from `first` on, going round; all positions weigh the same. */
  TrainBatch pack(int first, int n) const;
  /** What of the options the lessons decide. */
  void set(TrainerOptions& options) const;

 private:
  std::vector<int32_t> tokens_, token_offsets_;
  std::vector<int32_t> positions_, labels_, sets_, loss_offsets_;
  std::vector<int32_t> vocabulary_;
  std::vector<uint8_t> allowed_sets_;
  int rows_;  // of a group
};

/** A batch of groups as micro-batches of at most so many tokens, a longer group for itself. */
std::vector<TrainBatch> micro_batches(const Lessons& lessons, int first, int n, int most_tokens);

}  // namespace harmonic::bench
