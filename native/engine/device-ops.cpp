#include "engine/device-ops.h"

#include <cmath>
#include <numeric>

#include "ggml-backend.h"

namespace harmonic {
namespace {

ggml_tensor* input(ggml_context* c, ggml_type type, int64_t ne0, int64_t ne1 = 1) {
  ggml_tensor* t = ggml_new_tensor_2d(c, type, ne0, ne1);
  ggml_set_input(t);
  return t;
}

// One beside the other: [n, N] and [m, N] -> [n + m, N].
ggml_tensor* beside(ggml_context* c, ggml_tensor* a, ggml_tensor* b) {
  return ggml_concat(c, a, b, 0);
}

ggml_tensor* transposed(ggml_context* c, ggml_tensor* t) {
  return ggml_cont(c, ggml_transpose(c, t));
}

}  // namespace

DeviceOps::DeviceOps(ggml_context* c, ggml_cgraph* graph, const Hyperparameters& hp,
                     const std::vector<float>& rope_factors, const DeviceAdapter& adapter,
                     const AllowedMask& mask, const BatchShape& shape)
    : c_(c),
      graph_(graph),
      hp_(hp),
      rope_factors_(rope_factors),
      adapter_(adapter),
      loss_(c, graph, mask),
      n_groups_(shape.n_groups),
      length_(shape.length),
      positions_(input(c, GGML_TYPE_I32, length_)),
      zeros_(input(c, GGML_TYPE_F32, length_)) {
  ggml_tensor* square = ggml_new_tensor_2d(c, GGML_TYPE_F32, length_, length_);
  mask_ = ggml_diag_mask_inf(c, ggml_repeat(c, zeros_, square), 0);
  if (!rope_factors.empty()) {
    frequencies_ = input(c, GGML_TYPE_F32, static_cast<int64_t>(rope_factors.size()));
  }
}

void DeviceOps::fill() const {
  std::vector<int32_t> positions(length_);
  std::iota(positions.begin(), positions.end(), 0);
  ggml_backend_tensor_set(positions_, positions.data(), 0, ggml_nbytes(positions_));
  const std::vector<float> zeros(length_);
  ggml_backend_tensor_set(zeros_, zeros.data(), 0, ggml_nbytes(zeros_));
  loss_.fill();
  if (!frequencies_) return;
  // ggml divides by what these are the reciprocals of
  std::vector<float> divisors;
  for (const float f : rope_factors_) divisors.push_back(1.0f / f);
  ggml_backend_tensor_set(frequencies_, divisors.data(), 0, ggml_nbytes(frequencies_));
}

void DeviceOps::accumulate(ggml_tensor* gradient, ggml_tensor* computed) {
  ggml_build_forward_expand(graph_, ggml_add_inplace(c_, gradient, computed));
}

ggml_tensor* DeviceOps::lora_forward(ggml_tensor* y, ggml_tensor* z, LoraGroup* group) {
  ggml_tensor* scaled = ggml_scale(c_, z, group->scale);
  return ggml_add(c_, y, ggml_mul_mat(c_, adapter_.of(*group).b, scaled));
}

ggml_tensor* DeviceOps::lora_back(ggml_tensor* dx, ggml_tensor* dy, ggml_tensor* x, ggml_tensor* z,
                                  LoraGroup* group) {
  const DeviceLora& lora = adapter_.of(*group);
  // Of all of B; what its zeros would get is left out.
  ggml_tensor* b_grad = ggml_out_prod(c_, ggml_scale(c_, z, group->scale), dy);
  for (size_t i = 0; i < group->members.size(); i++)
    accumulate(lora.b_grad[i], block_of(c_, b_grad, *group, i));
  ggml_tensor* back = ggml_mul_mat(c_, transposed(c_, lora.b), dy);
  ggml_tensor* dz = ggml_scale(c_, back, group->scale);
  accumulate(lora.a_grad, ggml_out_prod(c_, x, dz));
  if (!dx) return nullptr;
  ggml_tensor* step = ggml_mul_mat(c_, transposed(c_, lora.a), dz);
  if (group->site.dropout) step = drop(c_, step, &group->site);
  return ggml_add(c_, dx, step);
}

// The heads first .. first + n / head_dim of all tokens: [head_dim, heads, length, groups].
ggml_tensor* DeviceOps::heads_of(ggml_tensor* t, int64_t first, int64_t n) {
  const size_t size = ggml_element_size(t);
  return ggml_view_4d(c_, t, hp_.head_dim, n / hp_.head_dim, length_, n_groups_,
                      hp_.head_dim * size, t->nb[1], length_ * t->nb[1], first * size);
}

// [head_dim, heads, length, groups] -> [head_dim, length, heads * groups]
ggml_tensor* DeviceOps::by_head(ggml_tensor* heads) {
  ggml_tensor* t = ggml_cont(c_, ggml_permute(c_, heads, 0, 2, 1, 3));
  return ggml_reshape_3d(c_, t, t->ne[0], t->ne[1], t->ne[2] * t->ne[3]);
}

// [head_dim, length, heads * groups] -> [head_dim, heads, length, groups]
ggml_tensor* DeviceOps::by_token(ggml_tensor* t) {
  ggml_tensor* heads = ggml_reshape_4d(c_, t, t->ne[0], length_, t->ne[2] / n_groups_, n_groups_);
  return ggml_cont(c_, ggml_permute(c_, heads, 0, 2, 1, 3));
}

// [.., heads, length, groups] -> [.. * heads, N]
ggml_tensor* DeviceOps::rows_of(ggml_tensor* heads) {
  return ggml_reshape_2d(c_, heads, heads->ne[0] * heads->ne[1], length_ * n_groups_);
}

ggml_tensor* DeviceOps::rotate(ggml_tensor* heads, bool back) {
  const int mode = hp_.rope_neox ? GGML_ROPE_TYPE_NEOX : GGML_ROPE_TYPE_NORMAL;
  const auto rope = back ? ggml_rope_ext_back : ggml_rope_ext;
  return rope(c_, heads, positions_, frequencies_, hp_.head_dim, mode, 0, hp_.rope_base,
              hp_.rope_scale, 0, 1, 32, 1);
}

DeviceOps::Heads DeviceOps::load(ggml_tensor* qkv, const LayerWeights& layer) {
  const auto normed = [&](ggml_tensor* t, ggml_tensor* gain) {
    return gain ? ggml_mul(c_, ggml_rms_norm(c_, t, hp_.norm_epsilon), gain) : t;
  };
  // Norms have no gradient of what does not lie together.
  const auto load = [&](int64_t first, int64_t n, ggml_tensor* gain) {
    ggml_tensor* heads = heads_of(qkv, first, n);
    return gain ? ggml_cont(c_, heads) : heads;
  };
  Heads h;
  h.q_in = load(0, hp_.q_dim(), layer.q_norm);
  h.k_in = load(hp_.q_dim(), hp_.kv_dim(), layer.k_norm);
  h.q = by_head(rotate(normed(h.q_in, layer.q_norm), false));
  h.k = by_head(rotate(normed(h.k_in, layer.k_norm), false));
  h.v = by_head(heads_of(qkv, hp_.q_dim() + hp_.kv_dim(), hp_.kv_dim()));
  const float scale = 1.0f / std::sqrt(static_cast<float>(hp_.head_dim));
  h.probabilities = ggml_soft_max_ext(c_, ggml_mul_mat(c_, h.k, h.q), mask_, scale, 0);
  return h;
}

ggml_tensor* DeviceOps::attention(ggml_tensor* qkv, const LayerWeights& layer) {
  const Heads h = load(qkv, layer);
  return rows_of(by_token(ggml_mul_mat(c_, transposed(c_, h.v), h.probabilities)));
}

ggml_tensor* DeviceOps::attention_back(ggml_tensor* qkv, ggml_tensor* grad,
                                       const LayerWeights& layer) {
  const Heads h = load(qkv, layer);
  const float scale = 1.0f / std::sqrt(static_cast<float>(hp_.head_dim));
  ggml_tensor* d_out = by_head(heads_of(grad, 0, hp_.q_dim()));
  ggml_tensor* d_scores =
      ggml_soft_max_ext_back(c_, ggml_mul_mat(c_, h.v, d_out), h.probabilities, scale, 0);
  ggml_tensor* dq = by_token(ggml_mul_mat(c_, transposed(c_, h.k), d_scores));
  ggml_tensor* dk = by_token(sum_over_shared(ggml_out_prod(c_, h.q, d_scores)));
  ggml_tensor* dv = by_token(sum_over_shared(ggml_out_prod(c_, d_out, h.probabilities)));
  dq = head_grad(rotate(dq, true), h.q_in, layer.q_norm);
  dk = head_grad(rotate(dk, true), h.k_in, layer.k_norm);
  return beside(c_, beside(c_, rows_of(dq), rows_of(dk)), rows_of(dv));
}

// The gradient before the norm of heads, given that behind it.
ggml_tensor* DeviceOps::head_grad(ggml_tensor* grad, ggml_tensor* in, ggml_tensor* gain) {
  return gain ? ggml_rms_norm_back(c_, ggml_mul(c_, grad, gain), in, hp_.norm_epsilon) : grad;
}

// [head_dim, length, heads * groups] -> [head_dim, length, heads_kv * groups]: over the query heads
// that share keys and values.
ggml_tensor* DeviceOps::sum_over_shared(ggml_tensor* grad) {
  const int64_t each = hp_.n_heads / hp_.n_heads_kv, size = grad->ne[0] * length_;
  if (each == 1) return grad;
  const int64_t n_kv = grad->ne[2] / each;
  ggml_tensor* shared = ggml_reshape_3d(c_, grad, size, each, n_kv);
  ggml_tensor* shape = ggml_new_tensor_3d(c_, GGML_TYPE_F32, size, 1, n_kv);
  return ggml_reshape_3d(c_, ggml_repeat_back(c_, shared, shape), grad->ne[0], length_, n_kv);
}

ggml_tensor* DeviceOps::swiglu_back(ggml_tensor* gate_up, ggml_tensor* grad) {
  const int64_t n_ff = grad->ne[0], n = grad->ne[1];
  ggml_tensor* gate = ggml_cont(c_, ggml_view_2d(c_, gate_up, n_ff, n, gate_up->nb[1], 0));
  ggml_tensor* up = ggml_view_2d(c_, gate_up, n_ff, n, gate_up->nb[1], n_ff * gate_up->nb[0]);
  ggml_tensor* d_gate = ggml_silu_back(c_, ggml_mul(c_, grad, up), gate);
  return beside(c_, d_gate, ggml_mul(c_, grad, ggml_silu(c_, gate)));
}

}  // namespace harmonic
