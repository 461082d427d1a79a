#include "engine/device-pass.h"

#include <cmath>
#include <numeric>
#include <utility>

namespace harmonic {
namespace {

/** Added to the score of a position that a token does not look at. */
constexpr float kHidden = -1e9f;

}  // namespace

/** Builds the graph of a pass; a tensor's N is of tokens as they lie, see PassShape. */
class DevicePass::Builder {
 public:
  Builder(DevicePass& pass, const DeviceModel& model, const DeviceCache& cache,
          const DeviceHead& head, ggml_cgraph* graph)
      : pass_(pass),
        s_(pass.shape_),
        model_(model),
        w_(model.weights()),
        hp_(w_.hp),
        cache_(cache),
        head_(head),
        c_(pass.context_.get()),
        graph_(graph) {}

  /** Returns the logits, or null. */
  ggml_tensor* build() {
    mask_ = mask();
    ggml_tensor* x = embed();
    for (int i = 0; i < hp_.n_layers; i++) {
      const LayerWeights& l = w_.layers[i];
      const bool is_last = i + 1 == hp_.n_layers;
      ggml_tensor* attended = attention(norm(x, l.attention_norm), l, i);
      if (is_last && s_.n_outputs == 0) return nullptr;
      if (is_last && s_.chooses_outputs()) {
        attended = ggml_get_rows(c_, attended, in(PassInput::kOutputs));
        x = ggml_get_rows(c_, x, in(PassInput::kOutputs));
      }
      x = ggml_add(c_, x, multiply(l.output.forward, attended));
      ggml_tensor* gate_up = multiply(l.gate_up.forward, norm(x, l.ffn_norm));
      x = ggml_add(c_, x, multiply(l.down.forward, ggml_swiglu(c_, gate_up)));
    }
    ggml_tensor* rows = head_.rows();
    if (s_.n_chosen > 0) rows = ggml_get_rows(c_, rows, in(PassInput::kHeadRows));
    ggml_tensor* logits = multiply(rows, norm(x, w_.output_norm));
    ggml_set_output(logits);
    ggml_build_forward_expand(graph_, logits);
    return logits;
  }

 private:
  ggml_tensor* in(PassInput which) const { return pass_.inputs_[static_cast<int>(which)]; }

  /** Of a model's matrix, at no asked precision: CUDA would make an F32 copy of it each time. */
  ggml_tensor* multiply(ggml_tensor* matrix, ggml_tensor* x) { return ggml_mul_mat(c_, matrix, x); }

  ggml_tensor* multiply_in_f32(ggml_tensor* a, ggml_tensor* b) {
    ggml_tensor* y = ggml_mul_mat(c_, a, b);
    ggml_prec_set_acc(y, GGML_PREC_F32);
    return y;
  }

  ggml_tensor* norm(ggml_tensor* x, ggml_tensor* gain) {
    return ggml_mul(c_, ggml_rms_norm(c_, x, hp_.norm_epsilon), gain);
  }

  ggml_tensor* embed() {
    ggml_tensor* x = ggml_get_rows(c_, w_.embedding, in(PassInput::kTokens));
    if (!s_.columns) return x;
    ggml_tensor* all = model_.column_embeddings();
    ggml_tensor* columns = ggml_get_rows(c_, all, in(PassInput::kColumns));
    ggml_tensor* natural = ggml_get_rows(c_, all, in(PassInput::kNaturalColumns));
    return ggml_add(c_, x, ggml_sub(c_, columns, natural));
  }

  /** [P, T, 1, R]: 0 where a row's token looks, else kHidden. Computed there: a step would copy it.
   */
  ggml_tensor* mask() {
    const int64_t n = static_cast<int64_t>(s_.n_rows) * s_.per_row;
    ggml_tensor* seen = ggml_cast(c_, in(PassInput::kSeen), GGML_TYPE_F32);
    ggml_tensor* places = ggml_cast(c_, in(PassInput::kPlaces), GGML_TYPE_F32);
    places = ggml_repeat_4d(c_, places, s_.n_positions, n, 1, 1);
    ggml_tensor* beyond = ggml_sub(c_, places, ggml_reshape_2d(c_, seen, 1, n));
    ggml_tensor* hidden = ggml_clamp(c_, ggml_scale(c_, beyond, kHidden), kHidden, 0);
    if (cache_.is_fused()) hidden = ggml_cast(c_, hidden, GGML_TYPE_F16);
    return ggml_reshape_4d(c_, hidden, s_.n_positions, s_.per_row, 1, s_.n_rows);
  }

  /** [q_dim, N] of x [n_embd, N]. */
  ggml_tensor* attention(ggml_tensor* x, const LayerWeights& l, int layer) {
    ggml_tensor* qkv = multiply(l.qkv.forward, x);
    if (l.qkv_bias) qkv = ggml_add(c_, qkv, l.qkv_bias);
    const int64_t n = s_.n_tokens, size = sizeof(float);
    const auto heads = [&](int64_t first, int64_t n_heads) {
      return ggml_view_3d(c_, qkv, hp_.head_dim, n_heads, n, hp_.head_dim * size, qkv->nb[1],
                          first * size);
    };
    ggml_tensor* q = rotated(heads(0, hp_.n_heads), l.q_norm);
    ggml_tensor* k = rotated(heads(hp_.q_dim(), hp_.n_heads_kv), l.k_norm);
    ggml_tensor* v =
        ggml_view_2d(c_, qkv, hp_.kv_dim(), n, qkv->nb[1], (hp_.q_dim() + hp_.kv_dim()) * size);
    store(cache_.keys(layer), ggml_reshape_2d(c_, k, hp_.kv_dim(), n));
    if (cache_.is_fused()) {
      store(cache_.values(layer), v);
    } else {
      store_by_dimension(cache_.values(layer), v);
    }
    q = by_rows(ggml_reshape_2d(c_, q, hp_.q_dim(), n));
    q = ggml_reshape_4d(c_, q, hp_.head_dim, hp_.n_heads, s_.per_row, s_.n_rows);
    q = ggml_permute(c_, q, 0, 2, 1, 3);
    ggml_tensor* out = cache_.is_fused() ? fused(q, layer) : products(q, layer);
    return as_tokens(
        ggml_reshape_2d(c_, out, hp_.q_dim(), static_cast<int64_t>(s_.per_row) * s_.n_rows));
  }

  ggml_tensor* rotated(ggml_tensor* heads, ggml_tensor* gain) {
    if (gain) heads = norm(heads, gain);
    const int mode = hp_.rope_neox ? GGML_ROPE_TYPE_NEOX : GGML_ROPE_TYPE_NORMAL;
    return ggml_rope_ext(c_, heads, in(PassInput::kPositions), model_.rotary_divisors(),
                         hp_.head_dim, mode, 0, hp_.rope_base, hp_.rope_scale, 0, 1, 32, 1);
  }

  /** Tokens [n, N] as [n, R T], and back. */
  ggml_tensor* by_rows(ggml_tensor* x) {
    return s_.is_ragged() ? ggml_get_rows(c_, ggml_cont(c_, x), in(PassInput::kTokensAt)) : x;
  }
  ggml_tensor* as_tokens(ggml_tensor* x) {
    return s_.is_ragged() ? ggml_get_rows(c_, x, in(PassInput::kPlacesAt)) : x;
  }

  void store(ggml_tensor* cache, ggml_tensor* x) {
    ggml_tensor* all = ggml_reshape_2d(c_, cache, cache->ne[0], cache->ne[1] * cache->ne[2]);
    ggml_build_forward_expand(graph_, ggml_set_rows(c_, all, x, in(PassInput::kKeysAt)));
  }

  /** Into [positions, kv_dim, slots]: every number is a row of its own. */
  void store_by_dimension(ggml_tensor* cache, ggml_tensor* v) {
    v = by_rows(v);
    const int64_t per_row = s_.per_row, n_rows = s_.n_rows, dim = hp_.kv_dim();
    ggml_tensor* from = ggml_view_4d(c_, v, 1, per_row, dim, n_rows, v->nb[1], sizeof(float),
                                     per_row * v->nb[1], 0);
    ggml_tensor* to = ggml_view_4d(c_, cache, 1, cache->ne[0], dim, n_rows, cache->nb[0],
                                   cache->nb[1], cache->nb[2], s_.first_row * cache->nb[2]);
    ggml_tensor* at = ggml_reshape_3d(c_, in(PassInput::kValuesAt), per_row, 1, n_rows);
    ggml_build_forward_expand(graph_, ggml_set_rows(c_, to, from, at));
  }

  /** [head_dim, P, heads_kv, R] of keys, or of values that lie as they do. */
  ggml_tensor* heads_of(ggml_tensor* cache) {
    const size_t head = ggml_row_size(cache->type, hp_.head_dim);
    return ggml_view_4d(c_, cache, hp_.head_dim, s_.n_positions, hp_.n_heads_kv, s_.n_rows,
                        cache->nb[1], head, cache->nb[2], s_.first_row * cache->nb[2]);
  }

  float scale() const { return 1.0f / std::sqrt(static_cast<float>(hp_.head_dim)); }

  /** Of q [head_dim, T, heads, R] in the order of [head_dim, heads, T, R], both ways. */
  ggml_tensor* fused(ggml_tensor* q, int layer) {
    ggml_tensor* out = ggml_flash_attn_ext(c_, q, heads_of(cache_.keys(layer)),
                                           heads_of(cache_.values(layer)), mask_, scale(), 0, 0);
    ggml_prec_set_acc(out, GGML_PREC_F32);
    return out;
  }
  ggml_tensor* products(ggml_tensor* q, int layer) {
    ggml_tensor* scores = multiply_in_f32(heads_of(cache_.keys(layer)), q);
    ggml_tensor* shares = ggml_soft_max_ext(c_, scores, mask_, scale(), 0);
    ggml_tensor* values = cache_.values(layer);
    values = ggml_view_4d(c_, values, s_.n_positions, hp_.head_dim, hp_.n_heads_kv, s_.n_rows,
                          values->nb[1], hp_.head_dim * values->nb[1], values->nb[2],
                          s_.first_row * values->nb[2]);
    return ggml_cont(c_, ggml_permute(c_, multiply_in_f32(values, shares), 0, 2, 1, 3));
  }

  DevicePass& pass_;
  const PassShape& s_;
  const DeviceModel& model_;
  const Weights& w_;
  const Hyperparameters& hp_;
  const DeviceCache& cache_;
  const DeviceHead& head_;
  ggml_context* c_;
  ggml_cgraph* graph_;
  ggml_tensor* mask_ = nullptr;
};

DevicePass::DevicePass(const DeviceModel& model, const DeviceBackend& backend,
                       const DeviceCache& cache, const DeviceHead& head, const PassShape& shape,
                       std::shared_ptr<PassMemory> memory)
    : shape_(shape),
      layout_(shape, !cache.is_fused()),
      memory_(std::move(memory)),
      staged_(layout_.total),
      context_(nullptr, ggml_free) {
  const size_t n = memory_->n_nodes;
  context_.reset(ggml_init(
      {ggml_tensor_overhead() * n + ggml_graph_overhead_custom(n, false), nullptr, true}));
  for (int i = 0; i < kPassInputs; i++) {
    if (layout_.size[i] == 0) continue;
    inputs_[i] = ggml_view_1d(context_.get(), memory_->inputs, layout_.size[i],
                              layout_.begin[i] * sizeof(int32_t));
  }
  int32_t* places = input(PassInput::kPlaces);
  std::iota(places, places + shape.n_positions, 0);
  ggml_cgraph* graph = ggml_new_graph_custom(context_.get(), n, false);
  logits_ = Builder(*this, model, cache, head, graph).build();
  placed_ = std::make_unique<PlacedGraph>(backend, graph, memory_->graph);
}

void DevicePass::run(float* logits) {
  ggml_backend_tensor_set(memory_->inputs, staged_.data(), 0, sizeof(int32_t) * staged_.size());
  placed_->compute();
  if (logits_) ggml_backend_tensor_get(logits_, logits, 0, ggml_nbytes(logits_));
}

}  // namespace harmonic
