#include "engine/token-features.h"

#include <algorithm>

namespace harmonic {

void TokenFeatures::add(const float* rows, const float* projection, int64_t width,
                        float* out) const {
  for (size_t id = 0; id + 1 < offsets.size(); id++) {
    float* to = out + id * width;
    if (to != rows + id * width) std::copy_n(rows + id * width, width, to);
    for (int32_t e = offsets[id]; e < offsets[id + 1]; e++) {
      const float* from = projection + indices[e] * width;
      for (int64_t i = 0; i < width; i++) to[i] += values[e] * from[i];
    }
  }
}

void TokenFeatures::project_back(const float* d_rows, int64_t width, float* d_projection) const {
  std::fill_n(d_projection, n * width, 0.0f);
  for (size_t id = 0; id + 1 < offsets.size(); id++) {
    const float* from = d_rows + id * width;
    for (int32_t e = offsets[id]; e < offsets[id + 1]; e++) {
      float* to = d_projection + indices[e] * width;
      for (int64_t i = 0; i < width; i++) to[i] += values[e] * from[i];
    }
  }
}

std::string TokenFeatures::fault(int64_t n_ids) const {
  const auto n_entries = static_cast<int64_t>(values.size());
  if (static_cast<int64_t>(offsets.size()) != n_ids + 1 || offsets.front() != 0 ||
      !std::is_sorted(offsets.begin(), offsets.end()) || offsets.back() != n_entries) {
    return "expected features of each of " + std::to_string(n_ids) + " ids";
  }
  const bool known =
      static_cast<int64_t>(indices.size()) == n_entries &&
      std::all_of(indices.begin(), indices.end(), [&](int32_t f) { return f >= 0 && f < n; });
  return known ? "" : "expected the index of one of " + std::to_string(n) + " features a value";
}

}  // namespace harmonic
