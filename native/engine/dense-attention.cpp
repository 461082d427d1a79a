#include "engine/dense-attention.h"

#include <algorithm>
#include <cmath>

#include "engine/dense-ops.h"
#include "engine/small-product.h"
#include "engine/threads.h"

namespace harmonic {
namespace {

// From this many tokens on a group's products are oneDNN's.
constexpr int64_t kLong = 96;
// Scores lie in rows of a multiple of this.
constexpr int64_t kLanes = 16;

// c (m, n) = op(a) b + beta * c.
void multiply(bool trans_a, int64_t m, int64_t n, int64_t k, const float* a, int64_t lda,
              const float* b, int64_t ldb, float beta, float* c, int64_t ldc) {
  if (std::max(m, k) >= kLong) {
    product(trans_a, false, m, n, k, a, lda, b, ldb, beta, c, ldc);
  } else {
    small_product(m, n, k, a, trans_a ? 1 : lda, trans_a ? lda : 1, b, ldb, beta, c, ldc);
  }
}

// (n, width) -> (width, stride), with zeros behind n.
void transpose(const float* from, int64_t ld, int64_t n, int64_t width, float* to, int64_t stride) {
  for (int64_t t = 0; t < n; t++) {
    for (int64_t i = 0; i < width; i++) to[i * stride + t] = from[t * ld + i];
  }
  for (int64_t i = 0; i < width; i++) std::fill(to + i * stride + n, to + (i + 1) * stride, 0.0f);
}

// Rows of causal probabilities from scores (n, stride), in place: zero behind the row's own column.
// Sixteen columns at a time, so that each is one register's work.
void causal_softmax(float* scores, int64_t n, int64_t stride, float scale) {
  for (int64_t i = 0; i < n; i++) {
    float* row = scores + i * stride;
    float largest = row[0];
    for (int64_t j = 1; j <= i; j++) largest = std::max(largest, row[j]);
    const int64_t seen = (i + kLanes) / kLanes * kLanes;
    float sums[kLanes] = {};
    for (int64_t j = 0; j < seen; j += kLanes) {
      for (int64_t l = 0; l < kLanes; l++) {
        const float p = std::exp(scale * std::min(row[j + l] - largest, 0.0f));
        row[j + l] = j + l <= i ? p : 0.0f;
        sums[l] += row[j + l];
      }
    }
    float sum = 0;
    for (float part : sums) sum += part;
    const float inverse = 1.0f / sum;
    for (int64_t j = 0; j < seen; j++) row[j] *= inverse;
    std::fill(row + seen, row + stride, 0.0f);
  }
}

struct Scratch {
  std::vector<float> transposed, scores, d_scores;
};

}  // namespace

void DenseAttention::begin(const std::vector<int32_t>& offsets) {
  offsets_ = offsets;
  positions_.resize(offsets.back());
  int longest = 0;
  for (size_t g = 0; g + 1 < offsets.size(); g++) {
    longest = std::max(longest, offsets[g + 1] - offsets[g]);
    for (int32_t t = offsets[g]; t < offsets[g + 1]; t++) positions_[t] = t - offsets[g];
  }
  rotary_.reserve(longest);
}

void DenseAttention::prepare(const DenseLayer& l, const float* weights, float* qkv,
                             float* raw) const {
  const Hyperparameters& hp = model_.hp;
  const int hd = hp.head_dim, heads = hp.n_heads + hp.n_heads_kv;
  const int64_t ld = hp.qkv_dim();
  float inverse;
  for (int64_t t = 0; t < n_tokens(); t++) {
    float* row = qkv + t * ld;
    if (l.qkv_bias != DenseLayer::kAbsent) {
      const float* bias = weights + l.qkv_bias;
      for (int64_t i = 0; i < ld; i++) row[i] += bias[i];
    }
    if (l.q_norm != DenseLayer::kAbsent) {
      std::copy_n(row, heads * hd, raw + t * heads * hd);
      for (int h = 0; h < heads; h++) {
        const float* gain = weights + (h < hp.n_heads ? l.q_norm : l.k_norm);
        norm_rows(row + h * hd, gain, hp.norm_epsilon, hd, 1, row + h * hd, &inverse);
      }
    }
    for (int h = 0; h < heads; h++) rotary_.rotate(row + h * hd, positions_[t], 1);
  }
}

void DenseAttention::prepare_back(const DenseLayer& l, const float* weights, const float* raw,
                                  float* d_qkv, float* gradient) const {
  const Hyperparameters& hp = model_.hp;
  const int hd = hp.head_dim, heads = hp.n_heads + hp.n_heads_kv;
  const int64_t ld = hp.qkv_dim();
  std::vector<float> normed(hd), dx(hd);
  float inverse;
  for (int64_t t = 0; t < n_tokens(); t++) {
    float* row = d_qkv + t * ld;
    for (int h = 0; h < heads; h++) rotary_.rotate(row + h * hd, positions_[t], -1);
    if (l.q_norm != DenseLayer::kAbsent) {
      for (int h = 0; h < heads; h++) {
        const size_t gain = h < hp.n_heads ? l.q_norm : l.k_norm;
        const float* x = raw + (t * heads + h) * hd;
        norm_rows(x, weights + gain, hp.norm_epsilon, hd, 1, normed.data(), &inverse);
        std::fill(dx.begin(), dx.end(), 0.0f);
        norm_rows_back(row + h * hd, x, &inverse, weights + gain, hd, 1, dx.data(),
                       gradient + gain);
        std::copy(dx.begin(), dx.end(), row + h * hd);
      }
    }
  }
  if (l.qkv_bias != DenseLayer::kAbsent) add_rows(d_qkv, ld, n_tokens(), gradient + l.qkv_bias);
}

// Calls body(first token, tokens, key-value head, scratch) for every group and key-value head.
template <class Body>
void DenseAttention::for_each_head(Body body) const {
  const int n_kv = model_.hp.n_heads_kv;
  const int64_t n_groups = static_cast<int64_t>(offsets_.size()) - 1;
  in_parts(n_groups * n_kv, threads_, [&](int64_t begin, int64_t end) {
    Scratch scratch;
    for (int64_t task = begin; task < end; task++) {
      const int64_t group = task / n_kv, first = offsets_[group], n = offsets_[group + 1] - first;
      if (n > 0) body(first, n, static_cast<int>(task % n_kv), scratch);
    }
  });
}

void DenseAttention::forward(const float* qkv, float* out) const {
  const Hyperparameters& hp = model_.hp;
  const int64_t ld = hp.qkv_dim(), ld_out = hp.q_dim(), hd = hp.head_dim;
  const int per_kv = hp.n_heads / hp.n_heads_kv;
  const float scale = 1.0f / std::sqrt(static_cast<float>(hd));
  for_each_head([&](int64_t first, int64_t n, int kv, Scratch& w) {
    const float* base = qkv + first * ld;
    const int64_t stride = (n + kLanes - 1) / kLanes * kLanes;
    w.transposed.resize(hd * stride);
    w.scores.resize(n * stride);
    transpose(base + (hp.n_heads + kv) * hd, ld, n, hd, w.transposed.data(), stride);
    const float* v = base + (hp.n_heads + hp.n_heads_kv + kv) * hd;
    for (int h = kv * per_kv; h < (kv + 1) * per_kv; h++) {
      multiply(false, n, stride, hd, base + h * hd, ld, w.transposed.data(), stride, 0,
               w.scores.data(), stride);
      causal_softmax(w.scores.data(), n, stride, scale);
      multiply(false, n, hd, n, w.scores.data(), stride, v, ld, 0, out + first * ld_out + h * hd,
               ld_out);
    }
  });
}

void DenseAttention::backward(const float* qkv, const float* d_out, float* d_qkv) const {
  const Hyperparameters& hp = model_.hp;
  const int64_t ld = hp.qkv_dim(), ld_out = hp.q_dim(), hd = hp.head_dim;
  const int per_kv = hp.n_heads / hp.n_heads_kv;
  const float scale = 1.0f / std::sqrt(static_cast<float>(hd));
  for_each_head([&](int64_t first, int64_t n, int kv, Scratch& w) {
    const float* base = qkv + first * ld;
    float* d_base = d_qkv + first * ld;
    const int64_t stride = (n + kLanes - 1) / kLanes * kLanes;
    const int64_t k_at = (hp.n_heads + kv) * hd, v_at = k_at + hp.n_heads_kv * hd;
    w.transposed.resize(2 * hd * stride);
    w.scores.resize(n * stride);
    w.d_scores.resize(n * stride);
    float* keys = w.transposed.data();
    float* values = keys + hd * stride;
    transpose(base + k_at, ld, n, hd, keys, stride);
    transpose(base + v_at, ld, n, hd, values, stride);
    for (int h = kv * per_kv; h < (kv + 1) * per_kv; h++) {
      const float beta = h == kv * per_kv ? 0.0f : 1.0f;
      const float* q = base + h * hd;
      const float* d = d_out + first * ld_out + h * hd;
      multiply(false, n, stride, hd, q, ld, keys, stride, 0, w.scores.data(), stride);
      causal_softmax(w.scores.data(), n, stride, scale);
      multiply(true, n, hd, n, w.scores.data(), stride, d, ld_out, beta, d_base + v_at, ld);
      multiply(false, n, stride, hd, d, ld_out, values, stride, 0, w.d_scores.data(), stride);
      for (int64_t i = 0; i < n; i++) {
        const float* p = w.scores.data() + i * stride;
        float* g = w.d_scores.data() + i * stride;
        float sums[kLanes] = {};
        for (int64_t j = 0; j < stride; j += kLanes) {
          for (int64_t l = 0; l < kLanes; l++) sums[l] += p[j + l] * g[j + l];
        }
        float mean = 0;
        for (float part : sums) mean += part;
        for (int64_t j = 0; j < stride; j++) g[j] = scale * p[j] * (g[j] - mean);
      }
      multiply(false, n, hd, n, w.d_scores.data(), stride, base + k_at, ld, 0, d_base + h * hd, ld);
      multiply(true, n, hd, n, w.d_scores.data(), stride, q, ld, beta, d_base + k_at, ld);
    }
  });
}

}  // namespace harmonic
