#pragma once
#include <ggml.h>

#include <cstdint>
#include <string>

#include "engine/gguf-file.h"

namespace harmonic {

/** A type that all matrices can be given. */
struct NamedType {
  const char* name;
  ggml_type type;
  int file_type;  // what llama.cpp calls a file of it
};

/** The type of a name such as "q8_0", null for an empty one. Throws Error E_USAGE for another. */
const NamedType* find_type(const std::string& name);

/** The matrices of a transformer that llama.cpp takes in any type; others keep theirs. */
bool takes_any_type(const GgufTensor& tensor);

/** True for the types that can be written without statistics of the activations. */
bool is_writable(ggml_type type);

/** The type, or the next finer one whose blocks fit the rows, as llama.cpp's own quantiser has it.
 */
ggml_type fitting(ggml_type type, const GgufTensor& tensor);

/** The type that a matrix is asked to have: the one before the softmax loses most by few bits, so
 * that llama.cpp's quantiser gives it six. */
ggml_type type_for(const NamedType& asked, const GgufTensor& tensor, bool is_head);

}  // namespace harmonic
