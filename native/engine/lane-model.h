#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "engine/dense-model.h"
#include "engine/lane-matrix.h"
#include "engine/next-columns.h"

namespace harmonic {

// A block's weights; vectors are empty where the model has none.
struct LaneLayer {
  std::vector<float> attention_norm, q_bias, k_bias, v_bias, q_norm, k_norm, ffn_norm;
  LaneMatrix q, k, v, output, gate_up, down;
};

// The weights of a small llama-family GGUF in F32, packed for products over lanes. Evaluators share
// it.
class LaneModel {
 public:
  // Throws Error E_MODEL where the file cannot be read, or its architecture is not known.
  explicit LaneModel(const std::string& path);

  Hyperparameters hp;
  std::vector<LaneLayer> layers;
  std::vector<float> output_norm;
  std::vector<float> rope_factors;  // as Weights::rope_factors

  // The rows of the head that give the logits of these ids; empty: of all.
  LaneMatrix head(const std::vector<int32_t>& ids) const;
  // Puts the input of an id into a lane of x (n_embd, kLanes). `column`: of the token that is to be
  // predicted there; -1: that of the model's own order.
  void embed(int32_t id, int32_t column, int lane, float* x) const;
  // Columns that it has embeddings of; 0: it knows of none.
  int n_columns() const { return static_cast<int>(columns_.n); }

 private:
  std::vector<float> embedding_;  // (n_vocab, n_embd), with columns folded in
  std::vector<float> head_;       // (n_vocab, n_embd); empty: the embedding
  NextColumns columns_;
  std::vector<float> column_embeddings_;  // (columns, n_embd)
};

}  // namespace harmonic
