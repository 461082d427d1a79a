#include "engine/lane-ops.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace harmonic {
namespace {

typedef float Lane __attribute__((vector_size(64)));

// What positions count that a lane does not see.
constexpr float kUnseen = -1e30f;
// Rows of a head whose sums stay in registers.
constexpr int kRows = 4;

Lane load(const float* from) {
  Lane lane;
  std::memcpy(&lane, from, sizeof lane);
  return lane;
}

void store(const Lane& lane, float* to) { std::memcpy(to, &lane, sizeof lane); }

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
    Lane square = {};
    for (int i = 0; i < width; i++) {
      const Lane row = load(x + static_cast<size_t>(i) * kLanes + l);
      square += row * row;
    }
    float inverse[kLaneUnit];
    store(square, inverse);
    for (float& r : inverse) r = 1.0f / std::sqrt(r / static_cast<float>(width) + epsilon);
    const Lane scale = load(inverse);
    for (int i = 0; i < width; i++) {
      const size_t at = static_cast<size_t>(i) * kLanes + l;
      store(load(x + at) * scale * gain[i], y + at);
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
      const Lane a = load(first + l), b = load(second + l), co = load(c + l), si = load(s + l);
      store(a * co - b * si, first + l);
      store(a * si + b * co, second + l);
    }
  }
}

void attend_lanes(const float* q, const float* keys, const float* values, size_t stride,
                  const int* seen, int most, int head_dim, int n_lanes, float* scores, float* out) {
  const float scale = 1.0f / std::sqrt(static_cast<float>(head_dim));
  for (int p = 0; p < most; p++) {
    const float* key = keys + p * stride;
    float* row = scores + static_cast<size_t>(p) * kLanes;
    for (int l = 0; l < n_lanes; l += kLaneUnit) {
      Lane even = {}, odd = {};
      for (int d = 0; d < head_dim; d += 2) {
        const size_t at = static_cast<size_t>(d) * kLanes + l;
        even += load(q + at) * load(key + at);
        odd += load(q + at + kLanes) * load(key + at + kLanes);
      }
      store((even + odd) * scale, row + l);
    }
    for (int l = 0; l < n_lanes; l++) row[l] = p < seen[l] ? row[l] : kUnseen;
  }
  softmax_lanes(most, n_lanes, scores);
  for (int l = 0; l < n_lanes; l += kLaneUnit) {
    int d = 0;
    for (; d + kRows <= head_dim; d += kRows) {
      Lane sums[kRows] = {};
      for (int p = 0; p < most; p++) {
        const Lane share = load(scores + static_cast<size_t>(p) * kLanes + l);
        const float* value = values + p * stride + static_cast<size_t>(d) * kLanes + l;
        for (int r = 0; r < kRows; r++) sums[r] += share * load(value + r * kLanes);
      }
      for (int r = 0; r < kRows; r++) store(sums[r], out + static_cast<size_t>(d + r) * kLanes + l);
    }
    for (; d < head_dim; d++) {
      Lane sum = {};
      for (int p = 0; p < most; p++) {
        sum += load(scores + static_cast<size_t>(p) * kLanes + l) *
               load(values + p * stride + static_cast<size_t>(d) * kLanes + l);
      }
      store(sum, out + static_cast<size_t>(d) * kLanes + l);
    }
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
