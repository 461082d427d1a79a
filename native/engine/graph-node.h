#pragma once
#include <string>

#include "ggml.h"

namespace harmonic {

/** Whether a node of a graph only looks at another's memory. */
bool is_view(const ggml_tensor* node);

/** "get rows" of GET_ROWS; of a custom operation the name that it was given. */
std::string operation_of(const ggml_tensor* node);

}  // namespace harmonic
