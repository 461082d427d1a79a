#pragma once
#include <cstdint>
#include <vector>

#include "engine/train-ops.h"
#include "ggml-backend.h"
#include "ggml.h"

namespace harmonic {

// Which ids may follow, on a device.
class AllowedMask {
 public:
  // allowed: shape (sets, n_ids), 1 where an id may follow; empty: all may everywhere. `measured`:
  // shapes alone, see WeightsOptions. Throws Error E_MODEL where the device's memory is too little.
  AllowedMask(const std::vector<uint8_t>& allowed, int64_t n_ids, ggml_backend_t backend,
              bool measured);
  ~AllowedMask();
  AllowedMask(const AllowedMask&) = delete;
  AllowedMask& operator=(const AllowedMask&) = delete;

  // [n_ids, sets] F16: 0 where an id may follow, else -inf; null: all may
  ggml_tensor* tensor() const { return tensor_; }
  size_t bytes() const { return tensor_ ? ggml_nbytes(tensor_) : 0; }

 private:
  ggml_context* context_ = nullptr;
  ggml_backend_buffer_t buffer_ = nullptr;
  ggml_tensor* tensor_ = nullptr;
};

// Softmax cross-entropy as a sum of ggml's own operations: ids and weights go in, a number a
// position comes out. For one graph.
class DeviceLoss {
 public:
  DeviceLoss(ggml_context* c, ggml_cgraph* graph, const AllowedMask& mask)
      : c_(c), graph_(graph), mask_(mask.tensor()) {}

  // As softmax_loss, beside the logits. A probability below kSmallest counts as that much in the
  // loss, and as what it is in the gradient.
  ggml_tensor* gradient(ggml_tensor* logits, LossTask* task);
  // Fills the inputs, once the graph has memory.
  void fill() const;
  // Brings the losses, once computed, to their tasks.
  void read() const;

  static constexpr float kSmallest = 1e-37f;

 private:
  // Of one softmax; R positions.
  struct Part {
    LossTask* task;
    int64_t n_ids;
    ggml_tensor *labels, *sets;  // [R] I32: places in the logits; rows of the mask, or null
    ggml_tensor *weights, *log;  // [1, R]
  };

  ggml_context* c_;
  ggml_cgraph* graph_;
  ggml_tensor* mask_;
  std::vector<Part> parts_;
};

}  // namespace harmonic
