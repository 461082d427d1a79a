#include "engine/train-batch.h"

#include <algorithm>
#include <string>

#include "engine/error.h"

namespace harmonic {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw Error("E_USAGE", "a training batch has " + what);
}

// Offsets of consecutive parts that make up n.
bool covers(const std::vector<int32_t>& offsets, size_t n) {
  return !offsets.empty() && offsets.front() == 0 && static_cast<size_t>(offsets.back()) == n &&
         std::is_sorted(offsets.begin(), offsets.end());
}

bool within(int32_t value, size_t n) { return value >= 0 && static_cast<size_t>(value) < n; }

void check_sizes(const TrainBatch& b, bool with_sets, bool seeded) {
  const size_t n = b.tokens.size(), r = b.loss_positions.size();
  const bool spread = !b.target_offsets.empty();
  if (n == 0 || r == 0) fail("no tokens or nothing to predict");
  if (b.group_offsets.size() < 2 || !covers(b.group_offsets, n)) {
    fail("groups that do not cover its tokens");
  }
  if ((!spread && b.labels.size() != r) || b.weights.size() != r ||
      (with_sets && b.sets.size() != r)) {
    fail("labels, sets, weights and loss positions of different lengths");
  }
  if (spread &&
      (b.target_offsets.size() != r + 1 || !covers(b.target_offsets, b.target_labels.size()) ||
       b.target_labels.size() != b.target_shares.size())) {
    fail("targets that do not cover its loss positions");
  }
  if (seeded && b.dropout_seeds.size() + 1 != b.group_offsets.size()) {
    fail("no seed of the dropout for each group");
  }
  if (!b.next_columns.empty() && b.next_columns.size() != n) {
    fail("next columns of another number than its tokens");
  }
}

}  // namespace

void check_batch(const TrainBatch& b, const BatchLimits& limits, bool seeded) {
  const bool spread = !b.target_offsets.empty(), with_sets = !limits.allowed_sets.empty();
  check_sizes(b, with_sets, seeded);
  for (const int32_t token : b.tokens) {
    if (!within(token, limits.n_vocab)) fail("a token outside the vocabulary");
  }
  for (const int32_t column : b.next_columns) {
    if (column < -1 || column >= limits.n_columns) fail("an unknown next column");
  }
  const size_t n_sets = limits.allowed_sets.size() / limits.n_labels;
  const int32_t* labels = spread ? b.target_labels.data() : b.labels.data();
  for (size_t i = 0; i < b.loss_positions.size(); i++) {
    if (!within(b.loss_positions[i], b.tokens.size())) fail("a loss position outside its tokens");
    if (with_sets && !within(b.sets[i], n_sets)) fail("an unknown set of allowed ids");
    const size_t begin = spread ? b.target_offsets[i] : i;
    const size_t end = spread ? b.target_offsets[i + 1] : i + 1;
    for (size_t k = begin; k < end; k++) {
      if (!within(labels[k], limits.n_labels)) fail("a label outside the vocabulary under loss");
      if (with_sets && !limits.allowed_sets[b.sets[i] * limits.n_labels + labels[k]]) {
        fail("a label that is not allowed");
      }
    }
  }
}

}  // namespace harmonic
