#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/gguf-file.h"

struct gguf_context;

namespace harmonic {

// A tensor to write, from F32 values.
struct NamedTensor {
  std::string name;
  std::array<int64_t, 2> shape;  // ggml order; shape[1] 1: a vector
  const float* values;
  ggml_type type = GGML_TYPE_F32;  // that the file had, for matrices that are to keep it
};

// Writes metadata and tensors as a GGUF that appears whole under its name. Matrices become `type`
// (as in Merger), or keep theirs where it is empty and can be written. Throws Error E_USAGE for an
// unknown type, E_IO where the file cannot be written.
void write_model(const std::string& path, const gguf_context* metadata,
                 const std::vector<NamedTensor>& tensors, const std::string& type);

}  // namespace harmonic
