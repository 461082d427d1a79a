#pragma once
#include <ggml.h>

#include <string>

namespace harmonic::test {

/**
 * Writes a random model of two layers, width 32, 4 heads over 2, 64 token ids (a line end, then
 * characters from "!"), of architecture "llama", "qwen2" (biases) or "qwen3" (head norms), its
 * matrices in F32 or BF16. Returns its path.
 */
std::string write_tiny_model(const std::string& architecture, ggml_type matrices = GGML_TYPE_F32);

/**
 * Writes the tiny model as one that knows three columns, of which that behind token t is t % 4 - 1;
 * token 40 is there what token 7 is before column 1.
 */
std::string write_tiny_model_with_columns();

}  // namespace harmonic::test
