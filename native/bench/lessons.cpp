#include "bench/lessons.h"

#include <algorithm>

namespace harmonic::bench {

Lessons::Lessons(const Arrays& arrays)
    : tokens_(arrays.integers("lessons.tokens")),
      token_offsets_(arrays.integers("lessons.token_offsets")),
      positions_(arrays.integers("lessons.positions")),
      labels_(arrays.integers("lessons.labels")),
      sets_(arrays.integers("lessons.sets")),
      loss_offsets_(arrays.integers("lessons.loss_offsets")),
      vocabulary_(arrays.integers("vocabulary")),
      allowed_sets_(arrays.bytes("allowed_sets")),
      rows_(arrays.integer("lessons.rows")) {}

TrainBatch Lessons::pack(int first, int n) const {
  TrainBatch batch;
  batch.group_offsets = {0};
  for (int i = 0; i < n; i++) {
    const int g = (first + i) % size();
    const auto start = static_cast<int32_t>(batch.tokens.size());
    batch.tokens.insert(batch.tokens.end(), tokens_.begin() + token_offsets_[g],
                        tokens_.begin() + token_offsets_[g + 1]);
    batch.group_offsets.push_back(static_cast<int32_t>(batch.tokens.size()));
    for (int32_t p = loss_offsets_[g]; p < loss_offsets_[g + 1]; p++) {
      batch.loss_positions.push_back(start + positions_[p]);
      batch.labels.push_back(labels_[p]);
      batch.sets.push_back(sets_[p]);
    }
  }
  const float weight = 1.0f / static_cast<float>(batch.labels.size());
  batch.weights.assign(batch.labels.size(), weight);
  return batch;
}

void Lessons::set(TrainerOptions& options) const {
  options.vocabulary = vocabulary_;
  options.allowed_sets = allowed_sets_;
}

std::vector<TrainBatch> micro_batches(const Lessons& lessons, int first, int n, int most_tokens) {
  std::vector<TrainBatch> batches;
  size_t n_loss = 0;
  for (int start = first; start < first + n;) {
    int groups = 1;
    TrainBatch batch = lessons.pack(start, groups);
    while (start + groups < first + n) {
      TrainBatch larger = lessons.pack(start, groups + 1);
      if (static_cast<int>(larger.tokens.size()) > most_tokens) break;
      batch = std::move(larger);
      groups++;
    }
    start += groups;
    n_loss += batch.labels.size();
    batches.push_back(std::move(batch));
  }
  for (TrainBatch& batch : batches) {
    std::fill(batch.weights.begin(), batch.weights.end(), 1.0f / static_cast<float>(n_loss));
  }
  return batches;
}

}  // namespace harmonic::bench
