#pragma once

#include <cstdint>
#include <vector>

#include "engine/bins.h"
#include "engine/learner.h"
#include "engine/random.h"

namespace harmonic {

struct TreeSettings {
  size_t max_depth = SIZE_MAX;
  size_t min_split = 2;     // fewest distinct rows that are split further
  size_t max_features = 1;  // drawn at each node
};

/**
 * A decision tree grown as scikit-learn's are: at each node the best split (Gini impurity, or
 * variance) of some features drawn at random, drawing on until one of them is not constant there.
 */
class Tree {
 public:
  /** `counts`: how often each row is in the sample, shape (n). */
  Tree(const LearnerProblem& p, const Bins& bins, const std::vector<uint32_t>& counts,
       const TreeSettings& settings, uint64_t seed);

  /** Adds what the leaf of this row (shape (d), binned) says: n_classes shares, or one value. */
  void add_prediction(const uint8_t* row, double* out) const;

 private:
  struct Node {
    uint32_t feature = 0;
    uint32_t left = 0;   // 0: a leaf; the right child is the next
    uint32_t value = 0;  // of a leaf: where its values begin
    uint8_t bin = 0;     // up to here to the left
  };
  struct Split {
    double gain = -1;
    uint32_t feature = 0;
    uint8_t bin = 0;
  };
  struct Growth;

  Split best_split(Growth& growth, size_t begin, size_t end) const;
  void best_of_feature(Growth& growth, size_t begin, size_t end, uint32_t feature,
                       Split& best) const;
  void make_leaf(Growth& growth, uint32_t node);

  size_t width_;  // figures a leaf: n_classes, or 1
  std::vector<Node> nodes_;
  std::vector<float> values_;
};

}  // namespace harmonic
