#pragma once
#include <string>

namespace harmonic::test {

/**
 * Writes a random F32 model of two layers, width 32, 4 heads over 2, 64 token ids (a line end, then
 * characters from "!"), of architecture "llama", "qwen2" (biases) or "qwen3" (head norms). Returns
 * its path.
 */
std::string write_tiny_model(const std::string& architecture);

}  // namespace harmonic::test
