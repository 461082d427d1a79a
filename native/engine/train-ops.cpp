#include "engine/train-ops.h"

#include <cblas.h>

#include <algorithm>
#include <cmath>

namespace harmonic {
namespace {

struct Range {
  int64_t begin, end;
};

// The ith of nth nearly equal parts of n, in multiples of `unit`.
Range part(int64_t n, int ith, int nth, int64_t unit) {
  const int64_t units = (n + unit - 1) / unit;
  return {std::min(n, units * ith / nth * unit), std::min(n, units * (ith + 1) / nth * unit)};
}

const float* data(const ggml_tensor* t) { return static_cast<const float*>(t->data); }
float* data(ggml_tensor* t) { return static_cast<float*>(t->data); }
int stride(const ggml_tensor* t) { return static_cast<int>(t->nb[1] / sizeof(float)); }

// c (m, n) = alpha * op(a) op(b) + beta * c, row-major.
void gemm(bool trans_a, bool trans_b, int m, int n, int k, float alpha, const float* a, int lda,
          const float* b, int ldb, float beta, float* c, int ldc) {
  cblas_sgemm(CblasRowMajor, trans_a ? CblasTrans : CblasNoTrans,
              trans_b ? CblasTrans : CblasNoTrans, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

// Rotates the L rows of a head; direction -1 undoes it (and is its gradient).
void rotate(const AttentionShape& s, const float* from, int from_stride, float* to, int to_stride,
            int n, float direction) {
  const int half = s.head_dim / 2;
  for (int t = 0; t < n; t++) {
    const float* x = from + static_cast<size_t>(t) * from_stride;
    float* y = to + static_cast<size_t>(t) * to_stride;
    const float* cosine = s.cosine.data() + static_cast<size_t>(t) * half;
    const float* sine = s.sine.data() + static_cast<size_t>(t) * half;
    if (s.neox) {
      for (int i = 0; i < half; i++) {
        const float a = x[i], b = x[i + half], sn = direction * sine[i];
        y[i] = a * cosine[i] - b * sn;
        y[i + half] = a * sn + b * cosine[i];
      }
    } else {
      for (int i = 0; i < half; i++) {
        const float a = x[2 * i], b = x[2 * i + 1], sn = direction * sine[i];
        y[2 * i] = a * cosine[i] - b * sn;
        y[2 * i + 1] = a * sn + b * cosine[i];
      }
    }
  }
}

// Rows of causal probabilities from scores (n, n), in place; zero above the diagonal.
void causal_softmax(float* scores, int n) {
  for (int i = 0; i < n; i++) {
    float* row = scores + static_cast<size_t>(i) * n;
    float largest = row[0];
    for (int j = 1; j <= i; j++) largest = std::max(largest, row[j]);
    float sum = 0;
    for (int j = 0; j <= i; j++) {
      row[j] = std::exp(row[j] - largest);
      sum += row[j];
    }
    const float inverse = 1.0f / sum;
    for (int j = 0; j <= i; j++) row[j] *= inverse;
    std::fill(row + i + 1, row + n, 0.0f);
  }
}

struct HeadScratch {
  std::vector<float> q, k, scores, grad_scores, grad_q, grad_k;
};

// Root-mean-square norm of the n rows of a head, (n, head_dim) in `to`; times gain.
void norm_head(const AttentionShape& s, const float* from, int from_stride, const float* gain,
               float* to, int n) {
  for (int t = 0; t < n; t++) {
    const float* x = from + static_cast<size_t>(t) * from_stride;
    float* y = to + static_cast<size_t>(t) * s.head_dim;
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

// The rows of a head as attention multiplies them: normed where there is a gain, then rotated.
void load_head(const AttentionShape& s, const float* from, int from_stride, const ggml_tensor* gain,
               float* to, int n) {
  if (gain) {
    norm_head(s, from, from_stride, data(gain), to, n);
    rotate(s, to, s.head_dim, to, s.head_dim, n, 1);
  } else {
    rotate(s, from, from_stride, to, s.head_dim, n, 1);
  }
}

// Takes the gradient of load_head's result back to the gradient of its input.
void store_head_grad(const AttentionShape& s, const float* from, int from_stride,
                     const ggml_tensor* gain, const float* grad, float* to, int to_stride, int n) {
  rotate(s, grad, s.head_dim, to, to_stride, n, -1);
  if (gain) norm_head_back(s, from, from_stride, data(gain), to, to_stride, n);
}

HeadScratch& head_scratch() {
  static thread_local HeadScratch scratch;
  return scratch;
}

void attention_kernel(ggml_tensor* dst, int ith, int nth, void* user) {
  const auto& s = *static_cast<AttentionShape*>(user);
  const ggml_tensor* qkv = dst->src[0];
  const ggml_tensor *q_gain = dst->src[1], *k_gain = dst->src[2];
  const int ld = stride(qkv), ld_out = stride(dst), hd = s.head_dim;
  const int per_kv = s.n_heads / s.n_heads_kv;
  const float scale = 1.0f / std::sqrt(static_cast<float>(hd));
  HeadScratch& w = head_scratch();
  const int n_groups = static_cast<int>(s.offsets.size()) - 1;
  for (int task = ith; task < n_groups * s.n_heads_kv; task += nth) {
    const int group = task / s.n_heads_kv, kv = task % s.n_heads_kv;
    const int64_t first = s.offsets[group];
    const int n = s.offsets[group + 1] - s.offsets[group];
    const float* base = data(qkv) + first * ld;
    const float* v = base + (s.n_heads + s.n_heads_kv + kv) * hd;
    w.q.resize(static_cast<size_t>(n) * hd);
    w.k.resize(static_cast<size_t>(n) * hd);
    w.scores.resize(static_cast<size_t>(n) * n);
    load_head(s, base + (s.n_heads + kv) * hd, ld, k_gain, w.k.data(), n);
    for (int h = kv * per_kv; h < (kv + 1) * per_kv; h++) {
      load_head(s, base + h * hd, ld, q_gain, w.q.data(), n);
      gemm(false, true, n, n, hd, scale, w.q.data(), hd, w.k.data(), hd, 0, w.scores.data(), n);
      causal_softmax(w.scores.data(), n);
      gemm(false, false, n, hd, n, 1, w.scores.data(), n, v, ld, 0,
           data(dst) + first * ld_out + h * hd, ld_out);
    }
  }
}

void attention_back_kernel(ggml_tensor* dst, int ith, int nth, void* user) {
  const auto& s = *static_cast<AttentionShape*>(user);
  const ggml_tensor* qkv = dst->src[0];
  const ggml_tensor* grad = dst->src[1];
  const ggml_tensor *q_gain = dst->src[2], *k_gain = dst->src[3];
  const int ld = stride(qkv), ld_grad = stride(grad), ld_out = stride(dst), hd = s.head_dim;
  const int per_kv = s.n_heads / s.n_heads_kv;
  const float scale = 1.0f / std::sqrt(static_cast<float>(hd));
  HeadScratch& w = head_scratch();
  const int n_groups = static_cast<int>(s.offsets.size()) - 1;
  for (int task = ith; task < n_groups * s.n_heads_kv; task += nth) {
    const int group = task / s.n_heads_kv, kv = task % s.n_heads_kv;
    const int64_t first = s.offsets[group];
    const int n = s.offsets[group + 1] - s.offsets[group];
    const size_t rows = static_cast<size_t>(n) * hd, square = static_cast<size_t>(n) * n;
    const float* base = data(qkv) + first * ld;
    const float* v = base + (s.n_heads + s.n_heads_kv + kv) * hd;
    float* out = data(dst) + first * ld_out;
    float* grad_v = out + (s.n_heads + s.n_heads_kv + kv) * hd;
    for (auto* x : {&w.q, &w.k, &w.grad_q, &w.grad_k}) x->resize(rows);
    for (auto* x : {&w.scores, &w.grad_scores}) x->resize(square);
    load_head(s, base + (s.n_heads + kv) * hd, ld, k_gain, w.k.data(), n);
    for (int h = kv * per_kv; h < (kv + 1) * per_kv; h++) {
      const float accumulate = h == kv * per_kv ? 0.0f : 1.0f;
      const float* grad_o = data(grad) + first * ld_grad + h * hd;
      load_head(s, base + h * hd, ld, q_gain, w.q.data(), n);
      gemm(false, true, n, n, hd, scale, w.q.data(), hd, w.k.data(), hd, 0, w.scores.data(), n);
      causal_softmax(w.scores.data(), n);
      gemm(true, false, n, hd, n, 1, w.scores.data(), n, grad_o, ld_grad, accumulate, grad_v,
           ld_out);
      gemm(false, true, n, n, hd, 1, grad_o, ld_grad, v, ld, 0, w.grad_scores.data(), n);
      for (int i = 0; i < n; i++) {
        const float* p = w.scores.data() + static_cast<size_t>(i) * n;
        float* g = w.grad_scores.data() + static_cast<size_t>(i) * n;
        float mean = 0;
        for (int j = 0; j <= i; j++) mean += p[j] * g[j];
        for (int j = 0; j <= i; j++) g[j] = scale * p[j] * (g[j] - mean);
        std::fill(g + i + 1, g + n, 0.0f);
      }
      gemm(false, false, n, hd, n, 1, w.grad_scores.data(), n, w.k.data(), hd, 0, w.grad_q.data(),
           hd);
      gemm(true, false, n, hd, n, 1, w.grad_scores.data(), n, w.q.data(), hd, accumulate,
           w.grad_k.data(), hd);
      store_head_grad(s, base + h * hd, ld, q_gain, w.grad_q.data(), out + h * hd, ld_out, n);
    }
    const int k_at = (s.n_heads + kv) * hd;
    store_head_grad(s, base + k_at, ld, k_gain, w.grad_k.data(), out + k_at, ld_out, n);
  }
}

void lora_forward_kernel(ggml_tensor* dst, int ith, int nth, void* user) {
  const auto& g = *static_cast<LoraGroup*>(user);
  const ggml_tensor* z = dst->src[1];
  const Range r = part(dst->ne[1], ith, nth, 8);
  if (r.begin == r.end) return;
  for (size_t i = 0; i < g.members.size(); i++) {
    const LoraMember& m = g.members[i];
    gemm(false, true, r.end - r.begin, m.n_out, g.rank, g.scale,
         data(z) + r.begin * stride(z) + i * g.rank, stride(z), data(m.b), g.rank, 1,
         data(dst) + r.begin * stride(dst) + m.out_offset, stride(dst));
  }
}

void lora_grad_z_kernel(ggml_tensor* dst, int ith, int nth, void* user) {
  const auto& g = *static_cast<LoraGroup*>(user);
  const ggml_tensor* dy = dst->src[0];
  const Range r = part(dst->ne[1], ith, nth, 8);
  if (r.begin == r.end) return;
  for (size_t i = 0; i < g.members.size(); i++) {
    const LoraMember& m = g.members[i];
    gemm(false, false, r.end - r.begin, g.rank, m.n_out, g.scale,
         data(dy) + r.begin * stride(dy) + m.out_offset, stride(dy), data(m.b), g.rank, 0,
         data(dst) + r.begin * stride(dst) + i * g.rank, stride(dst));
  }
}

void lora_gradients(const LoraGroup& g, const ggml_tensor* dy, const ggml_tensor* x,
                    const ggml_tensor* z, const ggml_tensor* dz, ggml_tensor* dx, int ith,
                    int nth) {
  const int n = static_cast<int>(dz->ne[1]), rows = static_cast<int>(dz->ne[0]);
  const Range in = part(g.n_in, ith, nth, 16);
  if (in.begin < in.end) {
    const int width = static_cast<int>(in.end - in.begin);
    gemm(true, false, rows, width, n, 1, data(dz), stride(dz), data(x) + in.begin, stride(x), 1,
         data(g.a_grad) + in.begin, g.n_in);
    if (dx) {
      gemm(false, false, n, width, rows, 1, data(dz), stride(dz), data(g.a) + in.begin, g.n_in, 1,
           data(dx) + in.begin, stride(dx));
    }
  }
  for (size_t i = 0; i < g.members.size(); i++) {
    const LoraMember& m = g.members[i];
    const Range out = part(m.n_out, ith, nth, 16);
    if (out.begin == out.end) continue;
    gemm(true, false, out.end - out.begin, g.rank, n, g.scale, data(dy) + m.out_offset + out.begin,
         stride(dy), data(z) + i * g.rank, stride(z), 1, data(m.b_grad) + out.begin * g.rank,
         g.rank);
  }
}

void lora_back_kernel(ggml_tensor* dst, int ith, int nth, void* user) {
  lora_gradients(*static_cast<LoraGroup*>(user), dst->src[1], dst->src[2], dst->src[3], dst->src[4],
                 dst, ith, nth);
}

void lora_back_leaf_kernel(ggml_tensor* dst, int ith, int nth, void* user) {
  lora_gradients(*static_cast<LoraGroup*>(user), dst->src[1], dst->src[2], dst->src[3], dst,
                 nullptr, ith, nth);
}

void swiglu_back_kernel(ggml_tensor* dst, int ith, int nth, void*) {
  const ggml_tensor* gate_up = dst->src[0];
  const ggml_tensor* grad = dst->src[1];
  const int64_t n_ff = grad->ne[0];
  const Range r = part(dst->ne[1], ith, nth, 1);
  for (int64_t t = r.begin; t < r.end; t++) {
    const float* gate = data(gate_up) + t * stride(gate_up);
    const float* up = gate + n_ff;
    const float* g = data(grad) + t * stride(grad);
    float* d_gate = data(dst) + t * stride(dst);
    float* d_up = d_gate + n_ff;
    for (int64_t i = 0; i < n_ff; i++) {
      const float sigmoid = 1.0f / (1.0f + std::exp(-gate[i]));
      const float silu = gate[i] * sigmoid;
      d_up[i] = g[i] * silu;
      d_gate[i] = g[i] * up[i] * (sigmoid + silu * (1.0f - sigmoid));
    }
  }
}

void softmax_loss_kernel(ggml_tensor* dst, int ith, int nth, void* user) {
  const auto& task = *static_cast<LossTask*>(user);
  const int64_t n = dst->ne[0];
  const Range r = part(dst->ne[1], ith, nth, 1);
  for (int64_t i = r.begin; i < r.end; i++) {
    float* logits = data(dst) + i * stride(dst);
    const uint8_t* allowed =
        task.sets ? task.allowed + static_cast<size_t>(task.sets[i]) * n : nullptr;
    const int32_t label = task.labels[i];
    float largest = logits[label];
    for (int64_t v = 0; v < n; v++) {
      if (!allowed || allowed[v]) largest = std::max(largest, logits[v]);
    }
    double sum = 0;
    const float label_logit = logits[label];
    for (int64_t v = 0; v < n; v++) {
      logits[v] = !allowed || allowed[v] ? std::exp(logits[v] - largest) : 0.0f;
      sum += logits[v];
    }
    task.losses[i] = static_cast<float>(std::log(sum) + largest - label_logit);
    const float weight = static_cast<float>(task.weights[i] / sum);
    for (int64_t v = 0; v < n; v++) logits[v] *= weight;
    logits[label] -= task.weights[i];
  }
}

ggml_tensor* custom(ggml_context* c, int64_t ne0, int64_t ne1, std::vector<ggml_tensor*> args,
                    ggml_custom_op_t kernel, void* user) {
  return ggml_custom_4d(c, GGML_TYPE_F32, ne0, ne1, 1, 1, args.data(),
                        static_cast<int>(args.size()), kernel, GGML_N_TASKS_MAX, user);
}

ggml_tensor* custom_inplace(ggml_context* c, ggml_tensor* a, std::vector<ggml_tensor*> args,
                            ggml_custom_op_t kernel, void* user) {
  return ggml_custom_inplace(c, a, args.data(), static_cast<int>(args.size()), kernel,
                             GGML_N_TASKS_MAX, user);
}

}  // namespace

AttentionShape::AttentionShape(const Hyperparameters& hp, const std::vector<float>& rope_factors)
    : n_heads(hp.n_heads),
      n_heads_kv(hp.n_heads_kv),
      head_dim(hp.head_dim),
      norm_epsilon(hp.norm_epsilon),
      neox(hp.rope_neox) {
  reserve_positions(hp, rope_factors, 512);
}

void AttentionShape::reserve_positions(const Hyperparameters& hp,
                                       const std::vector<float>& rope_factors, int n) {
  const int half = head_dim / 2;
  if (static_cast<size_t>(n) * half <= cosine.size()) return;
  cosine.resize(static_cast<size_t>(n) * half);
  sine.resize(cosine.size());
  for (int p = 0; p < n; p++) {
    for (int i = 0; i < half; i++) {
      const double factor = rope_factors.empty() ? 1.0 : rope_factors[i];
      const double angle = p * static_cast<double>(hp.rope_scale) * factor *
                           std::pow(static_cast<double>(hp.rope_base), -2.0 * i / head_dim);
      cosine[static_cast<size_t>(p) * half + i] = static_cast<float>(std::cos(angle));
      sine[static_cast<size_t>(p) * half + i] = static_cast<float>(std::sin(angle));
    }
  }
}

ggml_tensor* attention(ggml_context* c, ggml_tensor* qkv, const LayerWeights& layer,
                       AttentionShape* shape) {
  std::vector<ggml_tensor*> args = {qkv};
  if (layer.q_norm) args.insert(args.end(), {layer.q_norm, layer.k_norm});
  return custom(c, static_cast<int64_t>(shape->n_heads) * shape->head_dim, qkv->ne[1], args,
                attention_kernel, shape);
}

ggml_tensor* attention_back(ggml_context* c, ggml_tensor* qkv, ggml_tensor* grad,
                            const LayerWeights& layer, AttentionShape* shape) {
  std::vector<ggml_tensor*> args = {qkv, grad};
  if (layer.q_norm) args.insert(args.end(), {layer.q_norm, layer.k_norm});
  return custom(c, qkv->ne[0], qkv->ne[1], args, attention_back_kernel, shape);
}

ggml_tensor* lora_forward(ggml_context* c, ggml_tensor* y, ggml_tensor* z, LoraGroup* group) {
  return custom_inplace(c, y, {z}, lora_forward_kernel, group);
}

ggml_tensor* lora_grad_z(ggml_context* c, ggml_tensor* dy, LoraGroup* group) {
  return custom(c, group->a->ne[1], dy->ne[1], {dy}, lora_grad_z_kernel, group);
}

ggml_tensor* lora_back(ggml_context* c, ggml_tensor* dx, ggml_tensor* dy, ggml_tensor* x,
                       ggml_tensor* z, ggml_tensor* dz, LoraGroup* group) {
  return custom_inplace(c, dx, {dy, x, z, dz}, lora_back_kernel, group);
}

ggml_tensor* lora_back_leaf(ggml_context* c, ggml_tensor* dy, ggml_tensor* x, ggml_tensor* z,
                            ggml_tensor* dz, LoraGroup* group) {
  return custom_inplace(c, dz, {dy, x, z}, lora_back_leaf_kernel, group);
}

ggml_tensor* swiglu_back(ggml_context* c, ggml_tensor* gate_up, ggml_tensor* grad) {
  return custom(c, gate_up->ne[0], gate_up->ne[1], {gate_up, grad}, swiglu_back_kernel, nullptr);
}

ggml_tensor* softmax_loss(ggml_context* c, ggml_tensor* logits, LossTask* task) {
  return custom_inplace(c, logits, {}, softmax_loss_kernel, task);
}

}  // namespace harmonic
