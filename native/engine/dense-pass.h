#pragma once
#include <atomic>
#include <cstdint>
#include <vector>

#include "engine/dense-attention.h"
#include "engine/dense-head.h"
#include "engine/dense-model.h"
#include "engine/dropout.h"
#include "engine/projection.h"
#include "engine/train-batch.h"

namespace harmonic {

// One worker's passes over pieces of a batch: the transformer forward and backward, block by block,
// with all that it keeps in between.
class DensePass {
 public:
  // dropout: of what attention and feed-forward add to the residual; factors: of the blocks'
  // products; both while training
  DensePass(const DenseModel& model, const DenseHead& head, float dropout, Factors factors,
            int threads);
  DensePass(const DensePass&) = delete;
  DensePass& operator=(const DensePass&) = delete;

  // Groups first .. end - 1 of a batch, with weights that lie as the model's values do. Writes
  // their losses; with a gradient (an array like the weights) adds to it. Returns early, with
  // nothing of use, where `aborted` turns true.
  void run(const TrainBatch& batch, int64_t first, int64_t end, const float* weights,
           float* gradient, float* losses, const std::atomic<bool>& aborted);

 private:
  // What a block's forward pass leaves for its backward pass.
  struct Block {
    std::vector<float> x, attention_in, attention_inverse, qkv, raw, attended;
    std::vector<float> middle, ffn_in, ffn_inverse, gate_up, hidden;
  };

  Projection matrix(size_t at, int64_t n_in, int64_t n_out) const;
  void forward(int i, Block& b, float* out);
  void backward(int i, const Block& b, float* gradient);
  void lose(const TrainBatch& batch, int64_t first_token, int64_t n_tokens, const float* x,
            float* gradient, float* losses);

  const DenseModel& model_;
  const DenseHead& head_;
  DenseAttention attention_;
  Dropout dropout_;
  const float* weights_ = nullptr;
  bool dropping_ = false;
  Factors training_factors_;
  Factors factors_ = Factors::f32;  // of the current pass
  int64_t n_ = 0;                   // tokens of the piece
  std::vector<Block> blocks_;
  std::vector<float> out_;                   // of the last block
  std::vector<float> dx_;                    // gradient of the residual
  std::vector<float> wide_, wider_, added_;  // scratch: (n, n_ff or qkv), (n, 2 n_ff), (n, n_embd)
};

}  // namespace harmonic
