#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace harmonic {

// What is known of ids, as a sparse matrix (ids, n): rows of a matrix over ids become
// E[id] + features[id] P, with a learned projection P (n, width).
struct TokenFeatures {
  int64_t n = 0;                 // 0: nothing is known
  std::vector<int32_t> offsets;  // entries of id i: offsets[i] to offsets[i + 1]
  std::vector<int32_t> indices;  // feature of each entry
  std::vector<float> values;

  // out = rows + features P, for rows (ids, width); out may be `rows`.
  void add(const float* rows, const float* projection, int64_t width, float* out) const;
  // The gradient of P, given that of the sums.
  void project_back(const float* d_rows, int64_t width, float* d_projection) const;
  // What is wrong with them for a model of so many ids; empty: nothing.
  std::string fault(int64_t n_ids) const;
};

}  // namespace harmonic
