#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace harmonic {

// Groups of rows packed one after another; see TrainBatch in src/native/addon.ts.
struct TrainBatch {
  std::vector<int32_t> tokens;          // (N)
  std::vector<int32_t> group_offsets;   // (groups + 1)
  std::vector<int32_t> loss_positions;  // (R)
  std::vector<int32_t> labels;          // (R)
  std::vector<int32_t> sets;            // (R)
  std::vector<float> weights;           // (R)
  std::vector<uint64_t> dropout_seeds;  // (groups), of a training pass with dropout
  // Where targets are spread over several labels, instead of `labels`: those of position i are
  // target_offsets[i] .. target_offsets[i + 1]. Full training alone.
  std::vector<int32_t> target_offsets;  // (R + 1), or empty
  std::vector<int32_t> target_labels;
  std::vector<float> target_shares;
  // Column whose token each position is to predict, -1: none. Full training with columns alone;
  // empty: as in the natural order.
  std::vector<int32_t> next_columns;  // (N), or empty
};

// What the batches of a trainer may refer to.
struct BatchLimits {
  size_t n_vocab;   // of tokens
  size_t n_labels;  // ids under loss
  // shape (sets, n_labels); empty: every label is allowed everywhere
  const std::vector<uint8_t>& allowed_sets;
  int64_t n_columns = 0;
};

// Throws Error E_USAGE where parts of the batch do not fit each other or the limits; `seeded`: it
// must have a seed for the dropout of each group.
void check_batch(const TrainBatch& batch, const BatchLimits& limits, bool seeded);

}  // namespace harmonic
