#pragma once
#include <cstdint>
#include <vector>

#include "engine/device-adapter.h"
#include "engine/device-loss.h"
#include "engine/padded-batch.h"
#include "engine/train-ops.h"
#include "engine/weights.h"
#include "ggml.h"

namespace harmonic {

// The training graph's operations as sums of ggml's own, which a device's backend has kernels for;
// dropout's masks alone stay custom operations on the CPU. All groups are of one length, so that
// their attentions, whole squares with a mask, are one batch of products. For one graph.
class DeviceOps final : public TrainOps {
 public:
  // `rope_factors` as of Weights
  DeviceOps(ggml_context* c, ggml_cgraph* graph, const Hyperparameters& hp,
            const std::vector<float>& rope_factors, const DeviceAdapter& adapter,
            const AllowedMask& mask, const BatchShape& shape);

  ggml_tensor* lora_in(LoraGroup* group) override { return adapter_.of(*group).a; }
  ggml_tensor* lora_forward(ggml_tensor* y, ggml_tensor* z, LoraGroup* group) override;
  ggml_tensor* lora_back(ggml_tensor* dx, ggml_tensor* dy, ggml_tensor* x, ggml_tensor* z,
                         LoraGroup* group) override;
  ggml_tensor* attention(ggml_tensor* qkv, const LayerWeights& layer) override;
  ggml_tensor* attention_back(ggml_tensor* qkv, ggml_tensor* grad,
                              const LayerWeights& layer) override;
  ggml_tensor* swiglu_back(ggml_tensor* gate_up, ggml_tensor* grad) override;
  ggml_tensor* softmax_loss(ggml_tensor* logits, LossTask* task) override {
    return loss_.gradient(logits, task);
  }

  void fill() const override;
  void read() const override { loss_.read(); }

 private:
  struct Heads {
    ggml_tensor *q, *k, *v;      // [head_dim, length, heads * groups]: rotated, to be multiplied
    ggml_tensor *q_in, *k_in;    // [head_dim, heads, length, groups]: before their norms
    ggml_tensor* probabilities;  // [length of keys, of queries, heads * groups]
  };

  Heads load(ggml_tensor* qkv, const LayerWeights& layer);
  ggml_tensor* heads_of(ggml_tensor* t, int64_t first, int64_t n);
  ggml_tensor* by_head(ggml_tensor* heads);
  ggml_tensor* by_token(ggml_tensor* t);
  ggml_tensor* rows_of(ggml_tensor* heads);
  ggml_tensor* rotate(ggml_tensor* heads, bool back);
  ggml_tensor* head_grad(ggml_tensor* grad, ggml_tensor* in, ggml_tensor* gain);
  ggml_tensor* sum_over_shared(ggml_tensor* grad);
  void accumulate(ggml_tensor* gradient, ggml_tensor* computed);

  ggml_context* c_;
  ggml_cgraph* graph_;
  const Hyperparameters& hp_;
  const std::vector<float>& rope_factors_;
  const DeviceAdapter& adapter_;
  DeviceLoss loss_;
  const int64_t n_groups_, length_;
  ggml_tensor* positions_;              // [length] I32
  ggml_tensor* zeros_;                  // [length]
  ggml_tensor* mask_;                   // [length of keys, of queries]: -inf ahead, else 0
  ggml_tensor* frequencies_ = nullptr;  // [head_dim / 2], or null
};

}  // namespace harmonic
