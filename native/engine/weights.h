#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/hyperparameters.h"
#include "engine/int8-matrix.h"
#include "ggml-cpp.h"

namespace harmonic {

// A frozen matrix y = W x, and its transpose for the backward product: ggml multiplies rows by
// rows. Held either as tensors of a ggml type or in 8-bit integers.
struct FrozenMatrix {
  ggml_tensor* forward = nullptr;   // [n_in, n_out]
  ggml_tensor* backward = nullptr;  // [n_out, n_in]
  std::unique_ptr<Int8Matrix> forward8, backward8;

  // x [n_in, N] -> [n_out, N]
  ggml_tensor* multiply(ggml_context* c, ggml_tensor* x) const {
    return forward8 ? forward8->multiply(c, x) : ggml_mul_mat(c, forward, x);
  }
  // dy [n_out, N] -> [n_in, N]
  ggml_tensor* multiply_transposed(ggml_context* c, ggml_tensor* dy) const {
    return backward8 ? backward8->multiply(c, dy) : ggml_mul_mat(c, backward, dy);
  }
};

struct LayerWeights {
  ggml_tensor* attention_norm = nullptr;  // [n_embd]
  ggml_tensor* qkv_bias = nullptr;        // [qkv_dim], or null
  ggml_tensor* q_norm = nullptr;  // [head_dim], or null: norm of each head before rotation (Qwen 3)
  ggml_tensor* k_norm = nullptr;
  FrozenMatrix qkv;  // q, k and v rows one after another
  FrozenMatrix output;
  ggml_tensor* ffn_norm = nullptr;
  FrozenMatrix gate_up;  // gate rows, then up rows
  FrozenMatrix down;
};

struct WeightsOptions {
  std::string path;
  std::string adapter;  // a LoRA to add to the matrices; empty: none
  // F32, F16, BF16, or I8 for 8-bit integers
  ggml_type type = GGML_TYPE_BF16;
  // token ids of the head's rows, ascending; empty: all of them
  std::vector<int32_t> vocabulary;
  // also the transposed matrices, for a backward pass
  bool backward = false;
  // of the first blocks alone, as if the model had no others; 0: all
  int layers = 0;
  // shapes alone: nothing is read or held, and graphs over it can only be measured
  bool measured = false;
};

// The weights of a llama-family GGUF of any tensor type, held for our own graphs: matrices in one
// 16- or 32-bit type, or in 8-bit integers, norms and biases in F32, the output head cut to the ids
// that are asked for.
class Weights {
 public:
  Weights(const WeightsOptions& options, ggml_backend_t backend);
  Weights(const Weights&) = delete;
  Weights& operator=(const Weights&) = delete;

  Hyperparameters hp;
  ggml_tensor* embedding = nullptr;  // [n_embd, n_vocab]
  std::vector<LayerWeights> layers;
  ggml_tensor* output_norm = nullptr;
  FrozenMatrix head;  // [n_embd, vocabulary or n_vocab]
  // Bytes held, or that would be held.
  size_t bytes() const { return bytes_; }
  // The most that is held beside it while it is read.
  size_t reading_bytes() const { return reading_bytes_; }

  // 1 / factor per rotated pair (Llama 3's rope_freqs), empty where the model has none
  std::vector<float> rope_factors;

 private:
  class Loader;

  ggml_context_ptr context_;
  ggml_backend_buffer_ptr buffer_;
  size_t bytes_ = 0;
  size_t reading_bytes_ = 0;
};

}  // namespace harmonic
