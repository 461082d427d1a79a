#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/gguf-file.h"
#include "engine/weights.h"

namespace harmonic {

// Where the parts of a block begin in the flat array; kAbsent where the model has none.
struct DenseLayer {
  static constexpr size_t kAbsent = SIZE_MAX;
  size_t attention_norm;      // (n_embd)
  size_t qkv;                 // (qkv_dim, n_embd): q, k and v rows one after another
  size_t qkv_bias = kAbsent;  // (qkv_dim)
  size_t q_norm = kAbsent;    // (head_dim)
  size_t k_norm = kAbsent;
  size_t output;    // (n_embd, q_dim)
  size_t ffn_norm;  // (n_embd)
  size_t gate_up;   // (2 n_ff, n_embd): gate rows, then up rows
  size_t down;      // (n_embd, n_ff)
};

// A tensor of the GGUF in the flat array.
struct DenseTensor {
  std::string name;
  size_t at;
  int64_t n_in, n_out;  // n_out 1: a vector
  size_t size() const { return static_cast<size_t>(n_in) * n_out; }
};

// Tables that are learned beside a model's own weights, by their rows.
struct DenseTables {
  int64_t n_columns = 0;   // embeddings of the column to be predicted
  int64_t n_features = 0;  // projections of ids' features
};

// All weights of a llama-family GGUF in F32, in one array that arrays of gradients share the layout
// of. Matrices are (n_out, n_in), row-major.
struct DenseModel {
  static constexpr size_t kAbsent = DenseLayer::kAbsent;
  // Tables begin as zeros. Throws Error E_MODEL where the file cannot be read or trained.
  explicit DenseModel(const GgufFile& file, const DenseTables& tables = {});

  Hyperparameters hp;
  std::vector<DenseLayer> layers;
  size_t embedding;               // (n_vocab, n_embd)
  size_t output_norm;             // (n_embd)
  size_t head;                    // (n_vocab, n_embd); the embedding where they are one
  size_t columns = kAbsent;       // (n_columns, n_embd)
  size_t features_in = kAbsent;   // (n_features, n_embd)
  size_t features_out = kAbsent;  // (n_features, n_embd)
  std::vector<DenseTensor> tensors;
  std::vector<float> values;
  // as Weights::rope_factors
  std::vector<float> rope_factors;
};

}  // namespace harmonic
