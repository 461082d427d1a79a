#include "engine/train-ops.h"

#include <algorithm>
#include <cmath>

#include "engine/graph-ops.h"

namespace harmonic {
namespace {

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

// dx += mask * (transposed(A) dz), some tokens at a time, for the columns `in` of dx.
void add_masked(const LoraGroup& g, const ggml_tensor* dz, ggml_tensor* dx, Range in) {
  constexpr int64_t kTokens = 64;
  const int64_t width = in.end - in.begin;
  static thread_local std::vector<float> scratch;
  scratch.resize((kTokens + 1) * width);
  float* factors = scratch.data() + kTokens * width;
  for (int64_t first = 0; first < dz->ne[1]; first += kTokens) {
    const int64_t n = std::min(kTokens, dz->ne[1] - first);
    gemm(false, false, n, width, dz->ne[0], 1, data(dz) + first * stride(dz), stride(dz),
         data(g.a) + in.begin, g.n_in, 0, scratch.data(), width);
    for (int64_t t = 0; t < n; t++) {
      g.site.dropout->factors(g.site.number, first + t, in.begin, width, factors);
      const float* from = scratch.data() + t * width;
      float* to = data(dx) + (first + t) * stride(dx) + in.begin;
      for (int64_t i = 0; i < width; i++) to[i] += factors[i] * from[i];
    }
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
    if (dx && g.site.dropout) {
      add_masked(g, dz, dx, in);
    } else if (dx) {
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
      // Below, the gate is shut; and the fast reciprocal of an infinite exponential is no number.
      const float open = std::max(gate[i], -80.0f);
      const float sigmoid = 1.0f / (1.0f + std::exp(-open));
      const float silu = open * sigmoid;
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

}  // namespace

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

ggml_tensor* CpuOps::lora_forward(ggml_tensor* y, ggml_tensor* z, LoraGroup* group) {
  return harmonic::lora_forward(c_, y, z, group);
}

ggml_tensor* CpuOps::lora_back(ggml_tensor* dx, ggml_tensor* dy, ggml_tensor* x, ggml_tensor* z,
                               LoraGroup* group) {
  ggml_tensor* dz = lora_grad_z(c_, dy, group);
  if (dx) return harmonic::lora_back(c_, dx, dy, x, z, dz, group);
  ggml_build_forward_expand(graph_, lora_back_leaf(c_, dy, x, z, dz, group));
  return nullptr;
}

ggml_tensor* CpuOps::attention(ggml_tensor* qkv, const LayerWeights& layer) {
  return harmonic::attention(c_, qkv, layer, groups_);
}

ggml_tensor* CpuOps::attention_back(ggml_tensor* qkv, ggml_tensor* grad,
                                    const LayerWeights& layer) {
  return harmonic::attention_back(c_, qkv, grad, layer, groups_);
}

ggml_tensor* CpuOps::swiglu_back(ggml_tensor* gate_up, ggml_tensor* grad) {
  return harmonic::swiglu_back(c_, gate_up, grad);
}

ggml_tensor* CpuOps::softmax_loss(ggml_tensor* logits, LossTask* task) {
  return harmonic::softmax_loss(c_, logits, task);
}

}  // namespace harmonic
