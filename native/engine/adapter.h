#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/dropout.h"
#include "engine/parameters.h"
#include "engine/weights.h"
#include "ggml-backend.h"
#include "ggml.h"

namespace harmonic {

struct AdapterOptions {
  int rank = 16;
  float alpha = 32;
  float dropout = 0;                 // of the input of A, while training
  std::vector<std::string> targets;  // of q, k, v, o, gate, up, down
  uint64_t seed = 0;
  bool measured = false;  // shapes alone, see WeightsOptions
};

// One projection y[out_offset .. out_offset + n_out) += scale * B A x.
struct LoraMember {
  std::string weight;             // name of the tensor it adapts, e.g. blk.0.attn_q.weight
  ggml_tensor* b = nullptr;       // [rank, n_out]
  ggml_tensor* b_grad = nullptr;  // same shape
  int out_offset = 0;
  int n_out = 0;
};

// The projections that share an input x: their A matrices are one, rank rows each, so that A x is
// one product.
struct LoraGroup {
  ggml_tensor* a = nullptr;       // [n_in, rank * members]
  ggml_tensor* a_grad = nullptr;  // same shape
  int n_in = 0;
  int n_out = 0;  // rows of what they are added to
  int rank = 0;
  float scale = 1;
  DropoutSite site;  // one mask for all members
  std::vector<LoraMember> members;

  bool empty() const { return members.empty(); }
};

struct LayerAdapter {
  LoraGroup qkv, output, gate_up, down;
};

// The trained part: low-rank matrices (Hu et al., 2021), their gradients and AdamW's moments.
class Adapter {
 public:
  Adapter(const Hyperparameters& hp, const AdapterOptions& options, ggml_backend_t backend);
  ~Adapter();
  Adapter(const Adapter&) = delete;
  Adapter& operator=(const Adapter&) = delete;

  std::vector<LayerAdapter> layers;
  // What the layers' sites refer to; begun by each training pass.
  Dropout dropout;

  size_t n_parameters() const;
  // Bytes held, or that would be held: values, gradients and two moments.
  size_t bytes() const { return 4 * sizeof(float) * n_parameters(); }
  // As of Parameters.
  double update(const AdamWOptions& options, int threads) {
    return parameters_.update(options, threads);
  }
  void zero_gradients() { parameters_.zero_gradients(); }
  std::vector<char> state() const { return parameters_.state(); }
  void set_state(const std::vector<char>& state) { parameters_.set_state(state); }

  Parameters& trained() { return parameters_; }

  // Writes general.type = adapter, adapter.type = lora; metadata under harmonic.*
  void save(const std::string& path, const std::map<std::string, std::string>& metadata) const;
  // Weights and gradients in a fixed order.
  const std::vector<Parameter>& parameters() const { return parameters_.all(); }

 private:
  std::vector<Parameter> describe() const;

  std::string architecture_;
  int n_heads_, n_heads_kv_;
  float alpha_;
  ggml_context* context_ = nullptr;
  ggml_backend_buffer_t buffer_ = nullptr;
  Parameters parameters_;
};

}  // namespace harmonic
