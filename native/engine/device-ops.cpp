#include "engine/device-ops.h"

#include <cmath>

#include "ggml-backend.h"

namespace harmonic {
namespace {

ggml_tensor* input(ggml_context* c, ggml_type type, int64_t ne0, int64_t ne1 = 1) {
  ggml_tensor* t = ggml_new_tensor_2d(c, type, ne0, ne1);
  ggml_set_input(t);
  return t;
}

// One beside the other: [n, N] and [m, N] -> [n + m, N].
ggml_tensor* beside(ggml_context* c, ggml_tensor* all, ggml_tensor* next) {
  return all ? ggml_concat(c, all, next, 0) : next;
}

ggml_tensor* transposed(ggml_context* c, ggml_tensor* t) {
  return ggml_cont(c, ggml_transpose(c, t));
}

}  // namespace

DeviceOps::DeviceOps(ggml_context* c, ggml_cgraph* graph, const Hyperparameters& hp,
                     const std::vector<float>& rope_factors, const DeviceAdapter& adapter,
                     const AllowedMask& mask, int64_t n)
    : c_(c),
      graph_(graph),
      hp_(hp),
      rope_factors_(rope_factors),
      adapter_(adapter),
      loss_(c, graph, mask),
      n_(n),
      positions_(input(c, GGML_TYPE_I32, n)),
      groups_(input(c, GGML_TYPE_F32, n)),
      mask_(mask_of(groups_)) {
  if (!rope_factors.empty()) {
    frequencies_ = input(c, GGML_TYPE_F32, static_cast<int64_t>(rope_factors.size()));
  }
}

// 0 where a query may look, else far below any score: what lies ahead, and what another group has.
ggml_tensor* DeviceOps::mask_of(ggml_tensor* groups) {
  ggml_tensor* square = ggml_new_tensor_2d(c_, GGML_TYPE_F32, n_, n_);
  ggml_tensor* of_query = ggml_repeat(c_, ggml_reshape_2d(c_, groups, 1, n_), square);
  ggml_tensor* apart = ggml_sqr(c_, ggml_sub(c_, of_query, groups));
  return ggml_diag_mask_inf(c_, ggml_scale(c_, apart, -1e20f), 0);
}

void DeviceOps::fill(const std::vector<int32_t>& offsets) const {
  std::vector<int32_t> positions(n_);
  std::vector<float> groups(n_);
  for (size_t g = 0; g + 1 < offsets.size(); g++) {
    for (int32_t i = offsets[g]; i < offsets[g + 1]; i++) {
      positions[i] = i - offsets[g];
      groups[i] = static_cast<float>(g);
    }
  }
  ggml_backend_tensor_set(positions_, positions.data(), 0, ggml_nbytes(positions_));
  ggml_backend_tensor_set(groups_, groups.data(), 0, ggml_nbytes(groups_));
  loss_.fill();
  if (!frequencies_) return;
  // ggml divides by what these are the reciprocals of
  std::vector<float> divisors;
  for (const float f : rope_factors_) divisors.push_back(1.0f / f);
  ggml_backend_tensor_set(frequencies_, divisors.data(), 0, ggml_nbytes(frequencies_));
}

void DeviceOps::add_gradient(const ggml_tensor* matrix, ggml_tensor* computed) {
  ggml_build_forward_expand(graph_, adapter_.add_gradient(c_, matrix, computed));
}

// The rows first .. first + n of every column.
ggml_tensor* DeviceOps::part(ggml_tensor* t, int64_t first, int64_t n) {
  return ggml_view_2d(c_, t, n, t->ne[1], t->nb[1], first * ggml_element_size(t));
}

ggml_tensor* DeviceOps::lora_forward(ggml_tensor* y, ggml_tensor* z, LoraGroup* group) {
  const int64_t rank = group->rank;
  ggml_tensor* out = nullptr;
  int64_t done = 0;
  for (size_t i = 0; i < group->members.size(); i++) {
    const LoraMember& m = group->members[i];
    if (m.out_offset > done) out = beside(c_, out, part(y, done, m.out_offset - done));
    ggml_tensor* own = ggml_cont(c_, part(z, static_cast<int64_t>(i) * rank, rank));
    ggml_tensor* product = ggml_scale(c_, ggml_mul_mat(c_, adapter_.of(m.b), own), group->scale);
    out = beside(c_, out, ggml_add(c_, part(y, m.out_offset, m.n_out), product));
    done = m.out_offset + m.n_out;
  }
  return done < y->ne[0] ? beside(c_, out, part(y, done, y->ne[0] - done)) : out;
}

ggml_tensor* DeviceOps::lora_back(ggml_tensor* dx, ggml_tensor* dy, ggml_tensor* x, ggml_tensor* z,
                                  LoraGroup* group) {
  const int64_t rank = group->rank;
  ggml_tensor* dz = nullptr;
  for (size_t i = 0; i < group->members.size(); i++) {
    const LoraMember& m = group->members[i];
    ggml_tensor* own = ggml_cont(c_, part(dy, m.out_offset, m.n_out));
    ggml_tensor* own_z = ggml_cont(c_, part(z, static_cast<int64_t>(i) * rank, rank));
    add_gradient(m.b, ggml_scale(c_, ggml_out_prod(c_, own_z, own), group->scale));
    ggml_tensor* back = ggml_mul_mat(c_, transposed(c_, adapter_.of(m.b)), own);
    dz = beside(c_, dz, ggml_scale(c_, back, group->scale));
  }
  add_gradient(group->a, ggml_out_prod(c_, x, dz));
  if (!dx) return nullptr;
  ggml_tensor* step = ggml_mul_mat(c_, transposed(c_, adapter_.of(group->a)), dz);
  if (group->site.dropout) step = drop(c_, step, &group->site);
  return ggml_add(c_, dx, step);
}

// [head_dim, heads, N] <-> [head_dim, N, heads]
ggml_tensor* DeviceOps::swapped(ggml_tensor* t) {
  return ggml_cont(c_, ggml_permute(c_, t, 0, 2, 1, 3));
}

ggml_tensor* DeviceOps::rotate(ggml_tensor* heads, bool back) {
  const int mode = hp_.rope_neox ? GGML_ROPE_TYPE_NEOX : GGML_ROPE_TYPE_NORMAL;
  const auto rope = back ? ggml_rope_ext_back : ggml_rope_ext;
  return rope(c_, heads, positions_, frequencies_, hp_.head_dim, mode, 0, hp_.rope_base,
              hp_.rope_scale, 0, 1, 32, 1);
}

DeviceOps::Heads DeviceOps::load(ggml_tensor* qkv, const LayerWeights& layer) {
  const int64_t hd = hp_.head_dim;
  const auto heads = [&](int64_t first, int64_t n_heads) {
    ggml_tensor* rows = ggml_cont(c_, part(qkv, first, n_heads * hd));
    return ggml_reshape_3d(c_, rows, hd, n_heads, n_);
  };
  const auto normed = [&](ggml_tensor* t, ggml_tensor* gain) {
    return gain ? ggml_mul(c_, ggml_rms_norm(c_, t, hp_.norm_epsilon), gain) : t;
  };
  Heads h;
  h.q_in = heads(0, hp_.n_heads);
  h.k_in = heads(hp_.q_dim(), hp_.n_heads_kv);
  h.q = swapped(rotate(normed(h.q_in, layer.q_norm), false));
  h.k = swapped(rotate(normed(h.k_in, layer.k_norm), false));
  h.v = swapped(heads(hp_.q_dim() + hp_.kv_dim(), hp_.n_heads_kv));
  const float scale = 1.0f / std::sqrt(static_cast<float>(hd));
  h.probabilities = ggml_soft_max_ext(c_, ggml_mul_mat(c_, h.k, h.q), mask_, scale, 0);
  return h;
}

ggml_tensor* DeviceOps::attention(ggml_tensor* qkv, const LayerWeights& layer) {
  const Heads h = load(qkv, layer);
  ggml_tensor* out = swapped(ggml_mul_mat(c_, transposed(c_, h.v), h.probabilities));
  return ggml_reshape_2d(c_, out, hp_.q_dim(), n_);
}

ggml_tensor* DeviceOps::attention_back(ggml_tensor* qkv, ggml_tensor* grad,
                                       const LayerWeights& layer) {
  const Heads h = load(qkv, layer);
  const int64_t hd = hp_.head_dim;
  const float scale = 1.0f / std::sqrt(static_cast<float>(hd));
  ggml_tensor* d_out = swapped(ggml_reshape_3d(c_, grad, hd, hp_.n_heads, n_));
  ggml_tensor* d_scores =
      ggml_soft_max_ext_back(c_, ggml_mul_mat(c_, h.v, d_out), h.probabilities, scale, 0);
  ggml_tensor* dq = ggml_mul_mat(c_, transposed(c_, h.k), d_scores);
  ggml_tensor* dk = ggml_mul_mat(c_, transposed(c_, h.q), transposed(c_, d_scores));
  ggml_tensor* dv = ggml_mul_mat(c_, transposed(c_, d_out), transposed(c_, h.probabilities));
  const auto rows = [&](ggml_tensor* t) { return ggml_reshape_2d(c_, t, t->ne[0] * t->ne[1], n_); };
  dq = head_grad(rotate(swapped(dq), true), h.q_in, layer.q_norm);
  dk = head_grad(rotate(swapped(sum_over_shared(dk)), true), h.k_in, layer.k_norm);
  dv = swapped(sum_over_shared(dv));
  return beside(c_, beside(c_, rows(dq), rows(dk)), rows(dv));
}

// The gradient before the norm of heads, given that behind it.
ggml_tensor* DeviceOps::head_grad(ggml_tensor* grad, ggml_tensor* in, ggml_tensor* gain) {
  return gain ? ggml_rms_norm_back(c_, ggml_mul(c_, grad, gain), in, hp_.norm_epsilon) : grad;
}

// [head_dim, N, heads] -> [head_dim, N, heads_kv]: over the query heads that share keys and values.
ggml_tensor* DeviceOps::sum_over_shared(ggml_tensor* grad) {
  const int64_t kv = hp_.n_heads_kv, each = hp_.n_heads / kv, hd = hp_.head_dim;
  if (each == 1) return grad;
  ggml_tensor* groups = ggml_reshape_3d(c_, grad, hd * n_, each, kv);
  ggml_tensor* shape = ggml_new_tensor_3d(c_, GGML_TYPE_F32, hd * n_, 1, kv);
  return ggml_reshape_3d(c_, ggml_repeat_back(c_, groups, shape), hd, n_, kv);
}

ggml_tensor* DeviceOps::swiglu_back(ggml_tensor* gate_up, ggml_tensor* grad) {
  const int64_t n_ff = grad->ne[0];
  ggml_tensor* gate = ggml_cont(c_, part(gate_up, 0, n_ff));
  ggml_tensor* up = ggml_cont(c_, part(gate_up, n_ff, n_ff));
  ggml_tensor* d_gate = ggml_silu_back(c_, ggml_mul(c_, grad, up), gate);
  return beside(c_, d_gate, ggml_mul(c_, grad, ggml_silu(c_, gate)));
}

}  // namespace harmonic
