#pragma once
#include <cstdint>
#include <vector>

#include "engine/rotary.h"
#include "engine/weights.h"
#include "ggml.h"

namespace harmonic {

// The heads of a model and their rotary positions.
struct AttentionShape {
  int n_heads;
  int n_heads_kv;
  int head_dim;
  float norm_epsilon;
  RotaryTable rotary;

  explicit AttentionShape(const Weights& weights);
};

// The rows of a head as attention multiplies them: normed where there is a gain, then rotated, the
// first at `position`.
void load_head(const AttentionShape& s, const float* from, int from_stride, const ggml_tensor* gain,
               float* to, int to_stride, int n, int position = 0);

// Causal self-attention inside each group of a packed batch, positions from 0 in each.
struct GroupAttention {
  AttentionShape shape;
  // where each group starts, and the number of tokens; set before each computation
  std::vector<int32_t> offsets;
};

// What a thread works with on a group of n tokens.
size_t attention_bytes(int64_t n, int head_dim);

// qkv [qkv_dim, N] -> [n_heads * head_dim, N]; q and k are first normed a head at a time where the
// layer has norms.
ggml_tensor* attention(ggml_context* c, ggml_tensor* qkv, const LayerWeights& layer,
                       GroupAttention* groups);
// Gradient of qkv [qkv_dim, N], given the gradient of the output. The probabilities are computed
// again.
ggml_tensor* attention_back(ggml_context* c, ggml_tensor* qkv, ggml_tensor* grad,
                            const LayerWeights& layer, GroupAttention* groups);

}  // namespace harmonic
