#pragma once
#include <cstdint>
#include <vector>

#include "engine/device-adapter.h"
#include "engine/device-loss.h"
#include "engine/train-ops.h"
#include "engine/weights.h"
#include "ggml.h"

namespace harmonic {

// The training graph's operations as sums of ggml's own, which a device's backend has kernels for;
// dropout's masks alone stay custom operations on the CPU. A group's
// attention is a whole square with a mask: packed groups cost a device little. For one graph.
class DeviceOps final : public TrainOps {
 public:
  // `rope_factors` as of Weights; n: tokens of the batch
  DeviceOps(ggml_context* c, ggml_cgraph* graph, const Hyperparameters& hp,
            const std::vector<float>& rope_factors, const DeviceAdapter& adapter,
            const AllowedMask& mask, int64_t n);

  ggml_tensor* lora_in(LoraGroup* group) override { return adapter_.of(group->a); }
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

  void fill(const std::vector<int32_t>& offsets) const override;
  void read() const override { loss_.read(); }

 private:
  struct Heads {
    ggml_tensor *q, *k, *v;      // [head_dim, N, heads]: rotated, as they are multiplied
    ggml_tensor *q_in, *k_in;    // [head_dim, heads, N]: before their norms
    ggml_tensor* probabilities;  // [N keys, N queries, heads]
  };

  ggml_tensor* mask_of(ggml_tensor* groups);
  Heads load(ggml_tensor* qkv, const LayerWeights& layer);
  ggml_tensor* part(ggml_tensor* t, int64_t first, int64_t n);
  ggml_tensor* swapped(ggml_tensor* t);
  ggml_tensor* rotate(ggml_tensor* heads, bool back);
  ggml_tensor* head_grad(ggml_tensor* grad, ggml_tensor* in, ggml_tensor* gain);
  ggml_tensor* sum_over_shared(ggml_tensor* grad);
  void add_gradient(const ggml_tensor* matrix, ggml_tensor* computed);

  ggml_context* c_;
  ggml_cgraph* graph_;
  const Hyperparameters& hp_;
  const std::vector<float>& rope_factors_;
  const DeviceAdapter& adapter_;
  DeviceLoss loss_;
  const int64_t n_;
  ggml_tensor* positions_;              // [N] I32, from 0 in each group
  ggml_tensor* groups_;                 // [N]: which group each token is of
  ggml_tensor* mask_;                   // [N keys, N queries]
  ggml_tensor* frequencies_ = nullptr;  // [head_dim / 2], or null
};

}  // namespace harmonic
