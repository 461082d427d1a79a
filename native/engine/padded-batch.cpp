#include "engine/padded-batch.h"

#include <algorithm>

namespace harmonic {
namespace {

// From a power of two to the next there are eight lengths. Positions under loss cost less, and vary
// more from batch to batch: two.
constexpr int64_t kLengths = 8, kLosses = 2;

// The next of `kinds` sizes from a power of two to the next one.
int64_t rounded_size(int64_t n, int64_t kinds) {
  int64_t unit = 1;
  while (2 * kinds * unit <= n) unit *= 2;
  return (n + unit - 1) / unit * unit;
}

}  // namespace

BatchShape PaddedBatch::shape_of(int64_t n_groups, int64_t longest, int64_t n_loss) {
  return {n_groups, rounded_size(longest, kLengths), rounded_size(n_loss, kLosses)};
}

PaddedBatch::PaddedBatch(const TrainBatch& packed) {
  const std::vector<int32_t>& starts = packed.group_offsets;
  const size_t n_groups = starts.size() - 1;
  int32_t longest = 0;
  for (size_t g = 0; g < n_groups; g++) longest = std::max(longest, starts[g + 1] - starts[g]);
  shape = shape_of(static_cast<int64_t>(n_groups), longest,
                   static_cast<int64_t>(packed.loss_positions.size()));

  batch = packed;
  batch.tokens.assign(shape.n_tokens(), 0);
  for (size_t g = 0; g < n_groups; g++) {
    batch.group_offsets[g] = static_cast<int32_t>(g * shape.length);
    std::copy(packed.tokens.begin() + starts[g], packed.tokens.begin() + starts[g + 1],
              batch.tokens.begin() + batch.group_offsets[g]);
  }
  batch.group_offsets[n_groups] = static_cast<int32_t>(shape.n_tokens());
  for (int32_t& position : batch.loss_positions) {
    const size_t g = std::upper_bound(starts.begin(), starts.end(), position) - starts.begin() - 1;
    position += batch.group_offsets[g] - starts[g];
  }
  for (auto* filled : {&batch.loss_positions, &batch.labels, &batch.sets})
    filled->resize(shape.n_loss);
  batch.weights.resize(shape.n_loss);
}

}  // namespace harmonic
