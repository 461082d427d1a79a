#include "engine/lane-ops.h"

#include <algorithm>
#include <cmath>

#include "engine/floats16.h"

namespace harmonic {
namespace {

// What positions count that a lane does not see.
constexpr float kUnseen = -1e30f;
// Rows of a head whose sums stay in registers, and vectors of lanes.
constexpr int kRows = 4, kUnits = kLanes / kLaneUnit;

// Scores of P positions from p on, of U units of lanes from lane l on. What the next ones need is
// asked for from memory meanwhile.
template <int P, int U>
void score(const float* q, const float* keys, size_t stride, int p, int most, int head_dim, int l,
           float* scores) {
  const float scale = 1.0f / std::sqrt(static_cast<float>(head_dim));
  const float* key = keys + p * stride + l;
  const float* next = key + (p + P < most ? P * stride : 0);
  Floats16 sums[P][U] = {};
  for (int d = 0; d < head_dim; d++) {
    const size_t at = static_cast<size_t>(d) * kLanes;
    Floats16 in[U];
    for (int u = 0; u < U; u++) in[u] = load16(q + at + l + u * kLaneUnit);
    for (int r = 0; r < P; r++) {
      for (int u = 0; u < U; u++) {
        sums[r][u] += in[u] * load16(key + r * stride + at + u * kLaneUnit);
        __builtin_prefetch(next + r * stride + at + u * kLaneUnit);
      }
    }
  }
  for (int r = 0; r < P; r++) {
    for (int u = 0; u < U; u++) {
      float* to = scores + static_cast<size_t>(p + r) * kLanes + l + u * kLaneUnit;
      store16(sums[r][u] * scale, to);
    }
  }
}

// R rows of a head's output from row d on, of U units of lanes from lane l on.
template <int R, int U>
void mix(const float* scores, const float* values, size_t stride, int most, int d, int l,
         float* out) {
  const size_t at = static_cast<size_t>(d) * kLanes + l;
  Floats16 sums[R][U] = {};
  for (int p = 0; p < most; p++) {
    const float* value = values + p * stride + at;
    for (int u = 0; u < U; u++) {
      const Floats16 share = load16(scores + static_cast<size_t>(p) * kLanes + l + u * kLaneUnit);
      for (int r = 0; r < R; r++) {
        sums[r][u] += share * load16(value + r * kLanes + u * kLaneUnit);
        __builtin_prefetch(value + (R + r) * kLanes + u * kLaneUnit);
      }
    }
  }
  for (int r = 0; r < R; r++) {
    for (int u = 0; u < U; u++) store16(sums[r][u], out + at + r * kLanes + u * kLaneUnit);
  }
}

// Probabilities from scores, in each lane.
void softmax_lanes(int most, int n_lanes, float* scores) {
  float largest[kLanes], sums[kLanes] = {};
  std::copy_n(scores, n_lanes, largest);
  for (int p = 1; p < most; p++) {
    const float* row = scores + static_cast<size_t>(p) * kLanes;
    for (int l = 0; l < n_lanes; l++) largest[l] = std::max(largest[l], row[l]);
  }
  for (int p = 0; p < most; p++) {
    float* row = scores + static_cast<size_t>(p) * kLanes;
    for (int l = 0; l < n_lanes; l++) row[l] = std::exp(row[l] - largest[l]);
    for (int l = 0; l < n_lanes; l++) sums[l] += row[l];
  }
  for (int l = 0; l < n_lanes; l++) sums[l] = 1.0f / sums[l];
  for (int p = 0; p < most; p++) {
    float* row = scores + static_cast<size_t>(p) * kLanes;
    for (int l = 0; l < n_lanes; l++) row[l] *= sums[l];
  }
}

}  // namespace

void norm_lanes(const float* x, const float* gain, float epsilon, int width, int n_lanes,
                float* y) {
  for (int l = 0; l < n_lanes; l += kLaneUnit) {
    Floats16 square = {};
    for (int i = 0; i < width; i++) {
      const Floats16 row = load16(x + static_cast<size_t>(i) * kLanes + l);
      square += row * row;
    }
    float inverse[kLaneUnit];
    store16(square, inverse);
    for (float& r : inverse) r = 1.0f / std::sqrt(r / static_cast<float>(width) + epsilon);
    const Floats16 scale = load16(inverse);
    for (int i = 0; i < width; i++) {
      const size_t at = static_cast<size_t>(i) * kLanes + l;
      store16(load16(x + at) * scale * gain[i], y + at);
    }
  }
}

void swiglu_lanes(const float* x, int n_ff, int n_lanes, float* y) {
  const float* up = x + static_cast<size_t>(n_ff) * kLanes;
  for (int i = 0; i < n_ff; i++) {
    const float* gate_row = x + static_cast<size_t>(i) * kLanes;
    const float* up_row = up + static_cast<size_t>(i) * kLanes;
    float* __restrict out = y + static_cast<size_t>(i) * kLanes;
    for (int l = 0; l < n_lanes; l++)
      out[l] = gate_row[l] * up_row[l] / (1.0f + std::exp(-gate_row[l]));
  }
}

void add_to_lanes(const float* bias, int width, int n_lanes, float* x) {
  for (int i = 0; i < width; i++) {
    for (int l = 0; l < n_lanes; l++) x[static_cast<size_t>(i) * kLanes + l] += bias[i];
  }
}

void rotate_lanes(const float* cosine, const float* sine, int head_dim, bool neox, int n_lanes,
                  float* x) {
  const int half = head_dim / 2;
  for (int i = 0; i < half; i++) {
    float* first = x + static_cast<size_t>(neox ? i : 2 * i) * kLanes;
    float* second = first + static_cast<size_t>(neox ? half : 1) * kLanes;
    const float* c = cosine + static_cast<size_t>(i) * kLanes;
    const float* s = sine + static_cast<size_t>(i) * kLanes;
    for (int l = 0; l < n_lanes; l += kLaneUnit) {
      const Floats16 a = load16(first + l), b = load16(second + l), co = load16(c + l),
                     si = load16(s + l);
      store16(a * co - b * si, first + l);
      store16(a * si + b * co, second + l);
    }
  }
}

void attend_lanes(const float* q, const float* keys, const float* values, size_t stride,
                  const int* seen, int most, int head_dim, int n_lanes, float* scores, float* out) {
  const bool whole = n_lanes == kLanes;
  int p = 0;
  if (whole) {
    for (; p + 2 <= most; p += 2) score<2, kUnits>(q, keys, stride, p, most, head_dim, 0, scores);
    for (; p < most; p++) score<1, kUnits>(q, keys, stride, p, most, head_dim, 0, scores);
  }
  for (; p < most; p++) {
    for (int l = 0; l < n_lanes; l += kLaneUnit)
      score<1, 1>(q, keys, stride, p, most, head_dim, l, scores);
  }
  for (p = 0; p < most; p++) {
    float* row = scores + static_cast<size_t>(p) * kLanes;
    for (int l = 0; l < n_lanes; l++) row[l] = p < seen[l] ? row[l] : kUnseen;
  }
  softmax_lanes(most, n_lanes, scores);
  int d = 0;
  if (whole) {
    for (; d + kRows <= head_dim; d += kRows)
      mix<kRows, kUnits>(scores, values, stride, most, d, 0, out);
  }
  for (; d < head_dim; d++) {
    for (int l = 0; l < n_lanes; l += kLaneUnit) mix<1, 1>(scores, values, stride, most, d, l, out);
  }
}

void gather_lane(const float* keys, const float* values, size_t stride, int n, int head_dim,
                 int lane, float* keys_by_row, float* values_by_row) {
  for (int p = 0; p < n; p++) {
    const float* key = keys + p * stride + lane;
    const float* value = values + p * stride + lane;
    float* row = values_by_row + static_cast<size_t>(p) * head_dim;
    for (int d = 0; d < head_dim; d++) {
      keys_by_row[static_cast<size_t>(d) * n + p] = key[static_cast<size_t>(d) * kLanes];
      row[d] = value[static_cast<size_t>(d) * kLanes];
    }
  }
}

void attend_gathered(const float* q, const float* keys_by_row, const float* values_by_row, int seen,
                     int n, int head_dim, int lane, float* scores, float* out) {
  const float scale = 1.0f / std::sqrt(static_cast<float>(head_dim));
  std::fill_n(scores, seen, 0.0f);
  for (int d = 0; d < head_dim; d++) {
    const float x = q[static_cast<size_t>(d) * kLanes + lane] * scale;
    const float* row = keys_by_row + static_cast<size_t>(d) * n;
    for (int p = 0; p < seen; p++) scores[p] += x * row[p];
  }
  const float largest = *std::max_element(scores, scores + seen);
  float sum = 0;
  for (int p = 0; p < seen; p++) {
    scores[p] = std::exp(scores[p] - largest);
    sum += scores[p];
  }
  for (int d = 0; d < head_dim; d++) {
    float value = 0;
    for (int p = 0; p < seen; p++) value += scores[p] * values_by_row[p * head_dim + d];
    out[static_cast<size_t>(d) * kLanes + lane] = value / sum;
  }
}

}  // namespace harmonic
