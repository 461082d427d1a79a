#include "engine/graph-node.h"

#include <cctype>

namespace harmonic {

bool is_view(const ggml_tensor* node) {
  return node->op == GGML_OP_NONE || node->op == GGML_OP_RESHAPE || node->op == GGML_OP_VIEW ||
         node->op == GGML_OP_PERMUTE || node->op == GGML_OP_TRANSPOSE;
}

std::string operation_of(const ggml_tensor* node) {
  if (node->op == GGML_OP_CUSTOM) return ggml_get_name(node);
  std::string name = ggml_op_desc(node);
  for (char& c : name) c = c == '_' ? ' ' : static_cast<char>(std::tolower(c));
  return name;
}

}  // namespace harmonic
