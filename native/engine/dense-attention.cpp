#include "engine/dense-attention.h"

#include <algorithm>
#include <cmath>

#include "engine/dense-ops.h"
#include "engine/projection.h"
#include "engine/small-product.h"
#include "engine/threads.h"

namespace harmonic {
namespace {

// From this many tokens on a group's products are oneDNN's.
constexpr int64_t kLong = 96;
// Rows of a long group's scores that are worked on at once: no more columns than these see are
// computed, and they stay in the cache.
constexpr int64_t kRows = 128;
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

// Rows of causal probabilities from scores (n, stride) of the tokens from `first` on, in place:
// zero behind the row's own column. Sixteen columns at a time, so that each is one register's work.
void causal_softmax(float* scores, int64_t first, int64_t n, int64_t stride, float scale) {
  const bool is_long = first + n >= kLong;
  for (int64_t i = 0; i < n; i++) {
    float* row = scores + i * stride;
    const int64_t own = first + i;
    float largest = row[0];
    for (int64_t j = 1; j <= own; j++) largest = std::max(largest, row[j]);
    const auto exponential = [&](float x) { return std::exp(scale * std::min(x - largest, 0.0f)); };
    const int64_t seen = (own + kLanes) / kLanes * kLanes;
    float sums[kLanes] = {};
    if (is_long) {  // loops of their own, whose last bits differ, are done in whole registers
      for (int64_t j = 0; j <= own; j++) row[j] = exponential(row[j]);
      std::fill(row + own + 1, row + seen, 0.0f);
      for (int64_t j = 0; j < seen; j += kLanes) {
        for (int64_t l = 0; l < kLanes; l++) sums[l] += row[j + l];
      }
    } else {
      for (int64_t j = 0; j < seen; j += kLanes) {
        for (int64_t l = 0; l < kLanes; l++) {
          const float p = exponential(row[j + l]);
          row[j + l] = j + l <= own ? p : 0.0f;
          sums[l] += row[j + l];
        }
      }
    }
    float sum = 0;
    for (float part : sums) sum += part;
    const float inverse = 1.0f / sum;
    for (int64_t j = 0; j < seen; j++) row[j] *= inverse;
    std::fill(row + seen, row + stride, 0.0f);
  }
}

// Rows of a group's scores with the columns that they see, from the last rows on; few tokens are
// one part. Calls body(first row, rows, columns, columns in whole lanes).
template <class Body>
void for_each_part(int64_t n, Body body) {
  const int64_t most = n < kLong ? n : kRows;
  for (int64_t end = n; end > 0;) {
    const int64_t first = (end - 1) / most * most;
    body(first, end - first, end, (end + kLanes - 1) / kLanes * kLanes);
    end = first;
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
    w.scores.resize(std::min(n, std::max(kRows, kLong)) * stride);
    transpose(base + (hp.n_heads + kv) * hd, ld, n, hd, w.transposed.data(), stride);
    const float* v = base + (hp.n_heads + hp.n_heads_kv + kv) * hd;
    float* scores = w.scores.data();
    for (int h = kv * per_kv; h < (kv + 1) * per_kv; h++) {
      for_each_part(n, [&](int64_t row, int64_t rows, int64_t seen, int64_t lanes) {
        multiply(false, rows, lanes, hd, base + row * ld + h * hd, ld, w.transposed.data(), stride,
                 0, scores, lanes);
        causal_softmax(scores, row, rows, lanes, scale);
        multiply(false, rows, hd, seen, scores, lanes, v, ld, 0,
                 out + (first + row) * ld_out + h * hd, ld_out);
      });
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
    const int64_t most = std::min(n, std::max(kRows, kLong)) * stride;
    w.transposed.resize(2 * hd * stride);
    w.scores.resize(most);
    w.d_scores.resize(most);
    float* keys = w.transposed.data();
    float* values = keys + hd * stride;
    float *scores = w.scores.data(), *d_scores = w.d_scores.data();
    transpose(base + k_at, ld, n, hd, keys, stride);
    transpose(base + v_at, ld, n, hd, values, stride);
    for (int h = kv * per_kv; h < (kv + 1) * per_kv; h++) {
      for_each_part(n, [&](int64_t row, int64_t rows, int64_t seen, int64_t lanes) {
        // The last rows of the first head see every column.
        const float beta = h == kv * per_kv && seen == n ? 0.0f : 1.0f;
        const float* q = base + row * ld + h * hd;
        const float* d = d_out + (first + row) * ld_out + h * hd;
        multiply(false, rows, lanes, hd, q, ld, keys, stride, 0, scores, lanes);
        causal_softmax(scores, row, rows, lanes, scale);
        multiply(true, seen, hd, rows, scores, lanes, d, ld_out, beta, d_base + v_at, ld);
        multiply(false, rows, lanes, hd, d, ld_out, values, stride, 0, d_scores, lanes);
        for (int64_t i = 0; i < rows; i++) {
          const float* p = scores + i * lanes;
          float* g = d_scores + i * lanes;
          float sums[kLanes] = {};
          for (int64_t j = 0; j < lanes; j += kLanes) {
            for (int64_t l = 0; l < kLanes; l++) sums[l] += p[j + l] * g[j + l];
          }
          float mean = 0;
          for (float part : sums) mean += part;
          for (int64_t j = 0; j < lanes; j++) g[j] = scale * p[j] * (g[j] - mean);
        }
        multiply(false, rows, hd, seen, d_scores, lanes, base + k_at, ld, 0,
                 d_base + row * ld + h * hd, ld);
        multiply(true, seen, hd, rows, d_scores, lanes, q, ld, beta, d_base + k_at, ld);
      });
    }
  });
}

}  // namespace harmonic
