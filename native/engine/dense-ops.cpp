#include "engine/dense-ops.h"

#include <cmath>
#include <vector>

namespace harmonic {

void norm_rows(const float* x, const float* gain, float epsilon, int64_t width, int64_t n, float* y,
               float* inverse) {
  for (int64_t t = 0; t < n; t++) {
    const float* row = x + t * width;
    float* out = y + t * width;
    float square = 0;
    for (int64_t i = 0; i < width; i++) square += row[i] * row[i];
    const float r = 1.0f / std::sqrt(square / static_cast<float>(width) + epsilon);
    inverse[t] = r;
    for (int64_t i = 0; i < width; i++) out[i] = row[i] * r * gain[i];
  }
}

void norm_rows_back(const float* dy, const float* x, const float* inverse, const float* gain,
                    int64_t width, int64_t n, float* dx, float* d_gain) {
  for (int64_t t = 0; t < n; t++) {
    const float* __restrict row = x + t * width;
    const float* __restrict g = dy + t * width;
    float* __restrict out = dx + t * width;
    const float r = inverse[t];
    float along = 0;
    for (int64_t i = 0; i < width; i++) along += row[i] * gain[i] * g[i];
    const float pull = along * r * r / static_cast<float>(width);
    for (int64_t i = 0; i < width; i++) {
      out[i] += r * (gain[i] * g[i] - row[i] * pull);
      d_gain[i] += g[i] * row[i] * r;
    }
  }
}

void swiglu_rows(const float* gate_up, int64_t n_ff, int64_t n, float* y) {
  for (int64_t t = 0; t < n; t++) {
    const float* gate = gate_up + t * 2 * n_ff;
    const float* up = gate + n_ff;
    float* __restrict out = y + t * n_ff;
    for (int64_t i = 0; i < n_ff; i++) out[i] = gate[i] * up[i] / (1.0f + std::exp(-gate[i]));
  }
}

void swiglu_rows_back(const float* gate_up, const float* dy, int64_t n_ff, int64_t n,
                      float* d_gate_up) {
  for (int64_t t = 0; t < n; t++) {
    const float* gate = gate_up + t * 2 * n_ff;
    const float* up = gate + n_ff;
    const float* g = dy + t * n_ff;
    float* __restrict d_gate = d_gate_up + t * 2 * n_ff;
    float* __restrict d_up = d_gate + n_ff;
    for (int64_t i = 0; i < n_ff; i++) {
      const float sigmoid = 1.0f / (1.0f + std::exp(-gate[i]));
      const float silu = gate[i] * sigmoid;
      d_up[i] = g[i] * silu;
      d_gate[i] = g[i] * up[i] * (sigmoid + silu * (1.0f - sigmoid));
    }
  }
}

void drop_rows(const DropoutSite& site, const float* x, int64_t width, int64_t n, bool add,
               float* y) {
  static thread_local std::vector<float> factors;
  factors.resize(width);
  const float keep = add ? 1.0f : 0.0f;
  for (int64_t t = 0; t < n; t++) {
    site.dropout->factors(site.number, t, 0, width, factors.data());
    const float* f = factors.data();
    const float* row = x + t * width;
    float* out = y + t * width;
    for (int64_t i = 0; i < width; i++) out[i] = keep * out[i] + f[i] * row[i];
  }
}

void add_rows(const float* x, int64_t width, int64_t n, float* sum) {
  for (int64_t t = 0; t < n; t++) {
    for (int64_t i = 0; i < width; i++) sum[i] += x[t * width + i];
  }
}

}  // namespace harmonic
