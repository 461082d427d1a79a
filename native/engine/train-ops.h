#pragma once
#include <cstdint>
#include <vector>

#include "engine/adapter.h"
#include "engine/attention.h"
#include "engine/weights.h"
#include "ggml.h"

// The parts of the training graph that ggml has no single operation for, as custom operations on
// the CPU: each reads its operands in the layout they already have (BLAS takes any stride), so that
// the graph holds no transposing copies. All are F32. What an operation refers to must outlive the
// graph's computation.
namespace harmonic {

// y += scale * B z for every member of the group, in place; z = A x [rank * members, N].
ggml_tensor* lora_forward(ggml_context* c, ggml_tensor* y, ggml_tensor* z, LoraGroup* group);
// scale * transposed(B) dy for every member: the gradient of z.
ggml_tensor* lora_grad_z(ggml_context* c, ggml_tensor* dy, LoraGroup* group);
// Adds to the gradients of A and B; adds transposed(A) dz to dx, in place, through the group's mask
// where it has dropout (x is what A saw: masked). Returns dx.
ggml_tensor* lora_back(ggml_context* c, ggml_tensor* dx, ggml_tensor* dy, ggml_tensor* x,
                       ggml_tensor* z, ggml_tensor* dz, LoraGroup* group);
// The same where dx is not wanted; returns dz unchanged.
ggml_tensor* lora_back_leaf(ggml_context* c, ggml_tensor* dy, ggml_tensor* x, ggml_tensor* z,
                            ggml_tensor* dz, LoraGroup* group);

// Gradient of silu(gate) * up with respect to gate_up [2 n_ff, N].
ggml_tensor* swiglu_back(ggml_context* c, ggml_tensor* gate_up, ggml_tensor* grad);

// Softmax cross-entropy over the allowed ids of each position.
struct LossTask {
  // shape (R): what to predict, and the weight of each position
  const int32_t* labels;
  const float* weights;
  // row of `allowed` for each position, or null where everything is allowed
  const int32_t* sets;
  // shape (sets, n): 1 where the id may follow
  const uint8_t* allowed;
  // shape (R), written: -log p(label)
  float* losses;
};
// logits [n, R] -> weight * (p - onehot(label)), in place; the losses are written as a side effect.
ggml_tensor* softmax_loss(ggml_context* c, ggml_tensor* logits, LossTask* task);

// What the training graph is built of besides ggml's own operations, by where it is computed. For
// one graph.
class TrainOps {
 public:
  virtual ~TrainOps() = default;

  // The A of a group, for z = A x.
  virtual ggml_tensor* lora_in(LoraGroup* group) = 0;
  // y + scale * B z for every member of the group; y is not used again.
  virtual ggml_tensor* lora_forward(ggml_tensor* y, ggml_tensor* z, LoraGroup* group) = 0;
  // Adds to the gradients of A and B, given that of the projection's result. Returns dx with what
  // comes through A added to it; dx is not used again. Null where dx is, for an input that nothing
  // is trained below.
  virtual ggml_tensor* lora_back(ggml_tensor* dx, ggml_tensor* dy, ggml_tensor* x, ggml_tensor* z,
                                 LoraGroup* group) = 0;
  // As the functions of attention.h and those above.
  virtual ggml_tensor* attention(ggml_tensor* qkv, const LayerWeights& layer) = 0;
  virtual ggml_tensor* attention_back(ggml_tensor* qkv, ggml_tensor* grad,
                                      const LayerWeights& layer) = 0;
  virtual ggml_tensor* swiglu_back(ggml_tensor* gate_up, ggml_tensor* grad) = 0;
  virtual ggml_tensor* softmax_loss(ggml_tensor* logits, LossTask* task) = 0;

  // Fills the inputs that they have added to the graph, once it has memory, before each
  // computation.
  virtual void fill() const {}
  // Brings the losses, once computed, to their tasks.
  virtual void read() const {}
};

// As the custom operations above.
class CpuOps final : public TrainOps {
 public:
  CpuOps(ggml_context* c, ggml_cgraph* graph, GroupAttention* groups)
      : c_(c), graph_(graph), groups_(groups) {}

  ggml_tensor* lora_in(LoraGroup* group) override { return group->a; }
  ggml_tensor* lora_forward(ggml_tensor* y, ggml_tensor* z, LoraGroup* group) override;
  ggml_tensor* lora_back(ggml_tensor* dx, ggml_tensor* dy, ggml_tensor* x, ggml_tensor* z,
                         LoraGroup* group) override;
  ggml_tensor* attention(ggml_tensor* qkv, const LayerWeights& layer) override;
  ggml_tensor* attention_back(ggml_tensor* qkv, ggml_tensor* grad,
                              const LayerWeights& layer) override;
  ggml_tensor* swiglu_back(ggml_tensor* gate_up, ggml_tensor* grad) override;
  ggml_tensor* softmax_loss(ggml_tensor* logits, LossTask* task) override;

 private:
  ggml_context* c_;
  ggml_cgraph* graph_;
  GroupAttention* groups_;
};

}  // namespace harmonic
