#include "engine/attention.h"

#include <algorithm>
#include <cmath>

#include "engine/graph-ops.h"
#include "engine/softmax.h"

namespace harmonic {
namespace {

// Rows of a head's scores that are worked on at once: no more columns than these see are computed,
// and they stay in the cache.
constexpr int kRows = 32;

// Rotates the n rows of a head in place, the first at `position`.
void rotate_rows(const AttentionShape& s, float* rows, int stride, int n, int position,
                 float direction) {
  for (int t = 0; t < n; t++)
    s.rotary.rotate(rows + static_cast<size_t>(t) * stride, position + t, direction);
}

void copy_rows(const float* from, int from_stride, float* to, int to_stride, int n, int width) {
  for (int t = 0; t < n; t++) {
    std::copy_n(from + static_cast<size_t>(t) * from_stride, width,
                to + static_cast<size_t>(t) * to_stride);
  }
}

struct HeadScratch {
  std::vector<float> q, k, scores, grad_scores, grad_q, grad_k;
};

// Root-mean-square norm of the n rows of a head, (n, head_dim) in `to`; times gain.
void norm_head(const AttentionShape& s, const float* from, int from_stride, const float* gain,
               float* to, int to_stride, int n) {
  for (int t = 0; t < n; t++) {
    const float* x = from + static_cast<size_t>(t) * from_stride;
    float* y = to + static_cast<size_t>(t) * to_stride;
    float square = 0;
    for (int i = 0; i < s.head_dim; i++) square += x[i] * x[i];
    const float inverse = 1.0f / std::sqrt(square / s.head_dim + s.norm_epsilon);
    for (int i = 0; i < s.head_dim; i++) y[i] = x[i] * inverse * gain[i];
  }
}

// The gradient of the rows before norm_head, in place of the gradient after it.
void norm_head_back(const AttentionShape& s, const float* from, int from_stride, const float* gain,
                    float* grad, int grad_stride, int n) {
  for (int t = 0; t < n; t++) {
    const float* x = from + static_cast<size_t>(t) * from_stride;
    float* g = grad + static_cast<size_t>(t) * grad_stride;
    float square = 0, along = 0;
    for (int i = 0; i < s.head_dim; i++) {
      square += x[i] * x[i];
      along += x[i] * gain[i] * g[i];
    }
    const float mean = square / s.head_dim + s.norm_epsilon;
    const float inverse = 1.0f / std::sqrt(mean);
    const float pull = along / (mean * s.head_dim);
    for (int i = 0; i < s.head_dim; i++) g[i] = inverse * (gain[i] * g[i] - x[i] * pull);
  }
}

}  // namespace

void load_head(const AttentionShape& s, const float* from, int from_stride, const ggml_tensor* gain,
               float* to, int to_stride, int n, int position) {
  if (gain) {
    norm_head(s, from, from_stride, data(gain), to, to_stride, n);
  } else {
    copy_rows(from, from_stride, to, to_stride, n, s.head_dim);
  }
  rotate_rows(s, to, to_stride, n, position, 1);
}

namespace {

// Takes the gradient of load_head's result back to the gradient of its input.
void store_head_grad(const AttentionShape& s, const float* from, int from_stride,
                     const ggml_tensor* gain, const float* grad, float* to, int to_stride, int n) {
  copy_rows(grad, s.head_dim, to, to_stride, n, s.head_dim);
  rotate_rows(s, to, to_stride, n, 0, -1);
  if (gain) norm_head_back(s, from, from_stride, data(gain), to, to_stride, n);
}

HeadScratch& head_scratch() {
  static thread_local HeadScratch scratch;
  return scratch;
}

// One key-value head of one group with the query heads that share it: what it writes, no other task
// does.
struct GroupTask {
  const AttentionShape& shape;
  const ggml_tensor *q_gain, *k_gain;
  int ld;         // stride of qkv
  int64_t first;  // token of the batch
  int n;          // tokens
  int kv;
  int first_head, end_head;
  float scale;

  int k_at() const { return (shape.n_heads + kv) * shape.head_dim; }
  int v_at() const { return (shape.n_heads + shape.n_heads_kv + kv) * shape.head_dim; }

  void load_queries(const float* qkv, int head, HeadScratch& w) const {
    const int hd = shape.head_dim;
    load_head(shape, qkv + first * ld + head * hd, ld, q_gain, w.q.data(), hd, n);
  }
};

// Some rows of a head's scores, and the columns that the last of them sees.
struct Rows {
  int first, n, seen;
  int head_dim;

  float* of(float* x, int stride) const { return x + static_cast<size_t>(first) * stride; }
  const float* of(const float* x, int stride) const {
    return x + static_cast<size_t>(first) * stride;
  }

  // Causal probabilities (n, seen), from the queries and keys in w: zero behind a row's own column.
  void probabilities(float scale, HeadScratch& w) const {
    gemm(false, true, n, seen, head_dim, scale, of(w.q.data(), head_dim), head_dim, w.k.data(),
         head_dim, 0, w.scores.data(), seen);
    for (int i = 0; i < n; i++) {
      softmax(w.scores.data() + static_cast<size_t>(i) * seen, first + i + 1, seen);
    }
  }

  // From the gradients of probabilities those of scores, in place.
  void softmax_back(float scale, HeadScratch& w) const {
    for (int i = 0; i < n; i++) {
      const float* p = w.scores.data() + static_cast<size_t>(i) * seen;
      float* g = w.grad_scores.data() + static_cast<size_t>(i) * seen;
      const int own = first + i;
      float mean = 0;
      for (int j = 0; j <= own; j++) mean += p[j] * g[j];
      for (int j = 0; j <= own; j++) g[j] = scale * p[j] * (g[j] - mean);
      std::fill(g + own + 1, g + seen, 0.0f);
    }
  }
};

// Calls body(rows) for all rows of a task's scores.
template <class Body>
void for_each_rows(const GroupTask& t, const Body& body) {
  for (int first = 0; first < t.n; first += kRows) {
    const int end = std::min(first + kRows, t.n);
    body(Rows{first, end - first, end, t.shape.head_dim});
  }
}

// Calls body(task, scratch) for a thread's share of the tasks, with the keys loaded; the gains of q
// and k are the operands `gains` and `gains + 1` of the operation.
template <class Body>
void for_each_task(const ggml_tensor* dst, int gains, int ith, int nth,
                   const GroupAttention& groups, Body body) {
  const AttentionShape& s = groups.shape;
  const ggml_tensor* qkv = dst->src[0];
  const int ld = stride(qkv), hd = s.head_dim, per_kv = s.n_heads / s.n_heads_kv;
  const float scale = 1.0f / std::sqrt(static_cast<float>(hd));
  HeadScratch& w = head_scratch();
  const int n_groups = static_cast<int>(groups.offsets.size()) - 1;
  for (int i = ith; i < n_groups * s.n_heads_kv; i += nth) {
    const int group = i / s.n_heads_kv, kv = i % s.n_heads_kv;
    const int64_t first = groups.offsets[group];
    const int n = groups.offsets[group + 1] - groups.offsets[group];
    const GroupTask task = {s,  dst->src[gains], dst->src[gains + 1], ld,   first, n,
                            kv, kv * per_kv,     (kv + 1) * per_kv,   scale};
    for (auto* x : {&w.q, &w.k}) x->resize(static_cast<size_t>(n) * hd);
    w.scores.resize(static_cast<size_t>(kRows) * n);
    load_head(s, data(qkv) + first * ld + task.k_at(), ld, task.k_gain, w.k.data(), hd, n);
    body(task, w);
  }
}

void attention_kernel(ggml_tensor* dst, int ith, int nth, void* user) {
  const float* qkv = data(dst->src[0]);
  const int ld_out = stride(dst);
  for_each_task(dst, 1, ith, nth, *static_cast<GroupAttention*>(user),
                [&](const GroupTask& t, HeadScratch& w) {
                  const int hd = t.shape.head_dim;
                  const float* v = qkv + t.first * t.ld + t.v_at();
                  for (int h = t.first_head; h < t.end_head; h++) {
                    float* out = data(dst) + t.first * ld_out + h * hd;
                    t.load_queries(qkv, h, w);
                    for_each_rows(t, [&](const Rows& r) {
                      r.probabilities(t.scale, w);
                      gemm(false, false, r.n, hd, r.seen, 1, w.scores.data(), r.seen, v, t.ld, 0,
                           r.of(out, ld_out), ld_out);
                    });
                  }
                });
}

void attention_back_kernel(ggml_tensor* dst, int ith, int nth, void* user) {
  const float* qkv = data(dst->src[0]);
  const ggml_tensor* grad = dst->src[1];
  const int ld_grad = stride(grad), ld_out = stride(dst);
  for_each_task(dst, 2, ith, nth, *static_cast<GroupAttention*>(user),
                [&](const GroupTask& t, HeadScratch& w) {
                  const int n = t.n, hd = t.shape.head_dim;
                  const float* base = qkv + t.first * t.ld;
                  const float* v = base + t.v_at();
                  float* out = data(dst) + t.first * ld_out;
                  float* grad_v = out + t.v_at();
                  w.grad_scores.resize(static_cast<size_t>(kRows) * n);
                  w.grad_q.resize(static_cast<size_t>(n) * hd);
                  w.grad_k.assign(static_cast<size_t>(n) * hd, 0.0f);
                  for (int i = 0; i < n; i++)
                    std::fill_n(grad_v + static_cast<size_t>(i) * ld_out, hd, 0.0f);
                  for (int h = t.first_head; h < t.end_head; h++) {
                    const float* grad_out = data(grad) + t.first * ld_grad + h * hd;
                    t.load_queries(qkv, h, w);
                    for_each_rows(t, [&](const Rows& r) {
                      const float* grad_o = r.of(grad_out, ld_grad);
                      r.probabilities(t.scale, w);
                      gemm(true, false, r.seen, hd, r.n, 1, w.scores.data(), r.seen, grad_o,
                           ld_grad, 1, grad_v, ld_out);
                      gemm(false, true, r.n, r.seen, hd, 1, grad_o, ld_grad, v, t.ld, 0,
                           w.grad_scores.data(), r.seen);
                      r.softmax_back(t.scale, w);
                      gemm(false, false, r.n, hd, r.seen, 1, w.grad_scores.data(), r.seen,
                           w.k.data(), hd, 0, r.of(w.grad_q.data(), hd), hd);
                      gemm(true, false, r.seen, hd, r.n, 1, w.grad_scores.data(), r.seen,
                           r.of(w.q.data(), hd), hd, 1, w.grad_k.data(), hd);
                    });
                    store_head_grad(t.shape, base + h * hd, t.ld, t.q_gain, w.grad_q.data(),
                                    out + h * hd, ld_out, n);
                  }
                  store_head_grad(t.shape, base + t.k_at(), t.ld, t.k_gain, w.grad_k.data(),
                                  out + t.k_at(), ld_out, n);
                });
}

}  // namespace

AttentionShape::AttentionShape(const Weights& weights)
    : n_heads(weights.hp.n_heads),
      n_heads_kv(weights.hp.n_heads_kv),
      head_dim(weights.hp.head_dim),
      norm_epsilon(weights.hp.norm_epsilon),
      rotary(weights.hp, weights.rope_factors) {
  rotary.reserve(512);
}

size_t attention_bytes(int64_t n, int head_dim) {
  // two blocks of scores; queries, keys and their gradients
  return sizeof(float) * n * (2 * kRows + 4 * head_dim);
}

ggml_tensor* attention(ggml_context* c, ggml_tensor* qkv, const LayerWeights& layer,
                       GroupAttention* groups) {
  std::vector<ggml_tensor*> args = {qkv};
  if (layer.q_norm) args.insert(args.end(), {layer.q_norm, layer.k_norm});
  return custom(c, static_cast<int64_t>(groups->shape.n_heads) * groups->shape.head_dim, qkv->ne[1],
                args, attention_kernel, groups);
}

ggml_tensor* attention_back(ggml_context* c, ggml_tensor* qkv, ggml_tensor* grad,
                            const LayerWeights& layer, GroupAttention* groups) {
  std::vector<ggml_tensor*> args = {qkv, grad};
  if (layer.q_norm) args.insert(args.end(), {layer.q_norm, layer.k_norm});
  return custom(c, qkv->ne[0], qkv->ne[1], args, attention_back_kernel, groups);
}

}  // namespace harmonic
