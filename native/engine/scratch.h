#pragma once
#include <cstdint>
#include <string>

namespace harmonic {

// A llama-architecture model to begin from scratch.
struct ScratchOptions {
  std::string path;  // written over
  // GGUF whose tokenizer the model gets, with its vocabulary; empty: none, and n_vocabulary ids
  std::string tokenizer;
  int n_vocabulary = 0;
  int n_layers = 0;
  int n_embedding = 0;
  int n_heads = 0;
  int n_heads_kv = 0;
  int n_feed_forward = 0;
  int n_context = 0;
  float rope_base = 10000;
  float norm_epsilon = 1e-5f;
  bool tied = true;  // the output matrix is the embedding
  uint64_t seed = 0;
};

// Writes a model with random weights as a standalone GGUF in F32, to be trained: normal values of
// standard deviation .02, those of the matrices that add to the residual .02 / sqrt(2 layers)
// (Radford et al., 2019, GPT-2), norms 1. Throws Error E_USAGE for sizes that are no model's.
void write_scratch_model(const ScratchOptions& options);

}  // namespace harmonic
