#pragma once
#include <cstdint>
#include <vector>

namespace harmonic {

// Fixed features of ids, by those that are not zero: rows of a matrix over ids become E[id] +
// features[id] P, with a learned projection P (n_features, width).
class TokenFeatures {
 public:
  TokenFeatures() = default;
  // values (n_ids, n)
  TokenFeatures(int64_t n_ids, int64_t n, const std::vector<float>& values);

  // out = rows + features P, for rows (n_ids, width); out may be `rows`.
  void add(const float* rows, const float* projection, int64_t width, float* out) const;
  // The gradient of P, given that of the sums.
  void project_back(const float* d_rows, int64_t width, float* d_projection) const;

 private:
  struct Entry {
    int32_t feature;
    float value;
  };

  int64_t n_features_ = 0;
  std::vector<int64_t> offsets_ = {0};  // (n_ids + 1)
  std::vector<Entry> entries_;
};

}  // namespace harmonic
