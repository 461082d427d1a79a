#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace harmonic {

/**
 * Features as small integers, so that a split is looked for in a histogram: each feature's values
 * in at most 256 bins, one a value where there are so few, else of about as many rows each.
 */
class Bins {
 public:
  /** `x` of shape (n, d), row-major. */
  Bins(const float* x, size_t n, size_t d);

  /** Bins of feature j. */
  size_t count(size_t j) const { return upper_[j].size() + 1; }

  /** The rows of fit, feature after feature: shape (d, n). */
  const uint8_t* column(size_t j) const { return cells_.data() + j * n_; }

  /** Other rows, shape (n, d) row-major. */
  std::vector<uint8_t> assign(const float* x, size_t n) const;

 private:
  uint8_t bin(size_t j, float value) const;

  size_t n_;
  size_t d_;
  std::vector<std::vector<float>> upper_;  // ascending; bin b holds values up to upper_[j][b]
  std::vector<uint8_t> cells_;
};

}  // namespace harmonic
