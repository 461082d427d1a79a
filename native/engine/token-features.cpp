#include "engine/token-features.h"

#include <algorithm>

namespace harmonic {

TokenFeatures::TokenFeatures(int64_t n_ids, int64_t n, const std::vector<float>& values)
    : n_features_(n) {
  for (int64_t id = 0; id < n_ids; id++) {
    for (int64_t f = 0; f < n; f++) {
      const float value = values[id * n + f];
      if (value != 0) entries_.push_back({static_cast<int32_t>(f), value});
    }
    offsets_.push_back(static_cast<int64_t>(entries_.size()));
  }
}

void TokenFeatures::add(const float* rows, const float* projection, int64_t width,
                        float* out) const {
  for (size_t id = 0; id + 1 < offsets_.size(); id++) {
    float* to = out + id * width;
    if (to != rows + id * width) std::copy_n(rows + id * width, width, to);
    for (int64_t e = offsets_[id]; e < offsets_[id + 1]; e++) {
      const float value = entries_[e].value;
      const float* from = projection + entries_[e].feature * width;
      for (int64_t i = 0; i < width; i++) to[i] += value * from[i];
    }
  }
}

void TokenFeatures::project_back(const float* d_rows, int64_t width, float* d_projection) const {
  std::fill_n(d_projection, n_features_ * width, 0.0f);
  for (size_t id = 0; id + 1 < offsets_.size(); id++) {
    const float* from = d_rows + id * width;
    for (int64_t e = offsets_[id]; e < offsets_[id + 1]; e++) {
      const float value = entries_[e].value;
      float* to = d_projection + entries_[e].feature * width;
      for (int64_t i = 0; i < width; i++) to[i] += value * from[i];
    }
  }
}

}  // namespace harmonic
