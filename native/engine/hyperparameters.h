#pragma once
#include <string>

#include "engine/gguf-file.h"

namespace harmonic {

/** The sizes of a llama-family model, and how it rotates and normalises. */
struct Hyperparameters {
  std::string architecture;
  int n_layers = 0;
  int n_embd = 0;
  int n_heads = 0;
  int n_heads_kv = 0;
  int head_dim = 0;
  int n_ff = 0;
  int n_vocab = 0;
  float norm_epsilon = 1e-5f;
  float rope_base = 10000.0f;
  float rope_scale = 1.0f;
  // pairs (i, i + head_dim / 2) are rotated together instead of (2 i, 2 i + 1)
  bool rope_neox = false;

  int q_dim() const { return n_heads * head_dim; }
  int kv_dim() const { return n_heads_kv * head_dim; }
  int qkv_dim() const { return q_dim() + 2 * kv_dim(); }
};

/** Throws Error E_MODEL where the trainer does not know the architecture, or sizes are missing; the
 * vocabulary's size is left to the caller. */
Hyperparameters read_hyperparameters(const GgufFile& file);

}  // namespace harmonic
