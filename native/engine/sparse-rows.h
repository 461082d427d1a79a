#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace harmonic {

/**
 * Rows as liblinear (feature_node) and libsvm (svm_node) read them: the non-zero features (indices
 * from 1), a constant of value `bias` where there is one, an end mark.
 */
template <class Node>
class SparseRows {
 public:
  /** `x` of shape (n, d), row-major; copied. */
  SparseRows(const float* x, size_t n, size_t d, std::optional<double> bias = std::nullopt) {
    size_t count = 0;
    for (size_t i = 0; i < n * d; i++) count += x[i] != 0.0f;
    nodes_.reserve(count + 2 * n);
    std::vector<size_t> starts;
    starts.reserve(n);
    for (size_t i = 0; i < n; i++) {
      starts.push_back(nodes_.size());
      for (size_t j = 0; j < d; j++) {
        if (x[i * d + j] != 0.0f) nodes_.push_back({static_cast<int>(j + 1), x[i * d + j]});
      }
      if (bias) nodes_.push_back({static_cast<int>(d + 1), *bias});
      nodes_.push_back({-1, 0.0});
    }
    rows_.reserve(n);
    for (const size_t start : starts) rows_.push_back(nodes_.data() + start);
  }

  Node** rows() { return rows_.data(); }
  const Node* row(size_t i) const { return rows_[i]; }

 private:
  std::vector<Node> nodes_;
  std::vector<Node*> rows_;
};

}  // namespace harmonic
