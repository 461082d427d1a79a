#pragma once
#include <cstdint>
#include <vector>

#include "engine/weights.h"
#include "ggml.h"

namespace harmonic {

// The heads of a model and the angles of their rotary positions.
struct AttentionShape {
  int n_heads;
  int n_heads_kv;
  int head_dim;
  float norm_epsilon;
  bool neox;
  // shape (positions, head_dim / 2): cosine and sine of the angle of each rotated pair
  std::vector<float> cosine, sine;

  explicit AttentionShape(const Weights& weights);
  // Makes the tables long enough for n positions.
  void reserve_positions(const Weights& weights, int n);
};

// Causal self-attention inside each group of a packed batch, positions from 0 in each.
struct GroupAttention {
  AttentionShape shape;
  // where each group starts, and the number of tokens; set before each computation
  std::vector<int32_t> offsets;
};

// qkv [qkv_dim, N] -> [n_heads * head_dim, N]; q and k are first normed a head at a time where the
// layer has norms.
ggml_tensor* attention(ggml_context* c, ggml_tensor* qkv, const LayerWeights& layer,
                       GroupAttention* groups);
// Gradient of qkv [qkv_dim, N], given the gradient of the output. The probabilities are computed
// again.
ggml_tensor* attention_back(ggml_context* c, ggml_tensor* qkv, ggml_tensor* grad,
                            const LayerWeights& layer, GroupAttention* groups);

// Keys and values of many sequences, one layer after another; a sequence's positions lie one after
// another.
class KeyValueCache {
 public:
  KeyValueCache(const Hyperparameters& hp, int n_sequences, int capacity);

  // Of a layer and sequence: shape (capacity, kv_dim), row-major; keys are rotated.
  float* keys(int layer, int sequence) { return keys_.data() + at(layer, sequence); }
  float* values(int layer, int sequence) { return values_.data() + at(layer, sequence); }
  int kv_dim() const { return kv_dim_; }
  int capacity() const { return capacity_; }
  // The first n positions of a sequence become those of another.
  void copy(int from, int to, int n);

 private:
  size_t at(int layer, int sequence) const {
    return (static_cast<size_t>(layer) * n_sequences_ + sequence) * capacity_ * kv_dim_;
  }
  int n_layers_, n_sequences_, capacity_, kv_dim_;
  std::vector<float> keys_, values_;
};

// Attention of new tokens over the cache of their sequences, to which it adds them.
struct CachedAttention {
  // n consecutive tokens of a batch that go on a sequence from `position` on
  struct Run {
    int first, n, sequence, position;
  };
  AttentionShape shape;
  KeyValueCache* cache;
  std::vector<Run> runs;
};
// As attention(), of a layer's part of the cache.
struct CachedAttentionLayer {
  CachedAttention* attention;
  int layer;
};
ggml_tensor* cached_attention(ggml_context* c, ggml_tensor* qkv, const LayerWeights& layer,
                              CachedAttentionLayer* cached);

}  // namespace harmonic
