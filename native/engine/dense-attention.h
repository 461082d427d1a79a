#pragma once
#include <cstdint>
#include <vector>

#include "engine/dense-model.h"
#include "engine/rotary.h"

namespace harmonic {

// Causal self-attention inside the groups of a packed piece of a batch, positions from 0 in each,
// forward and backward. Rows of qkv are (qkv_dim).
class DenseAttention {
 public:
  DenseAttention(const DenseModel& model, int threads)
      : model_(model), threads_(threads), rotary_(model.hp, model.rope_factors) {}

  // Where each group begins, and the number of tokens.
  void begin(const std::vector<int32_t>& offsets);

  // In place, before forward: bias, norms of heads, rotation, by weights that lie as the model's
  // values do. `raw` gets what the norms of heads
  // saw of q and k, shape (n, q_dim + kv_dim), where the layer has them.
  void prepare(const DenseLayer& layer, const float* weights, float* qkv, float* raw) const;
  // out (n, q_dim)
  void forward(const float* qkv, float* out) const;
  // The gradient of the prepared qkv.
  void backward(const float* qkv, const float* d_out, float* d_qkv) const;
  // In place: the gradient of qkv before prepare(); adds to those of bias and norms in `gradient`,
  // an array like the weights.
  void prepare_back(const DenseLayer& layer, const float* weights, const float* raw, float* d_qkv,
                    float* gradient) const;

 private:
  template <class Body>
  void for_each_head(Body body) const;
  int64_t n_tokens() const { return offsets_.back(); }

  const DenseModel& model_;
  int threads_;
  std::vector<int32_t> offsets_;
  std::vector<int32_t> positions_;  // of each token in its group
  RotaryTable rotary_;
};

}  // namespace harmonic
