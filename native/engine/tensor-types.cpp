#include "engine/tensor-types.h"

#include <llama.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "engine/error.h"

namespace harmonic {
namespace {

constexpr std::array<NamedType, 13> kTypes = {{
    {"f32", GGML_TYPE_F32, LLAMA_FTYPE_ALL_F32},
    {"f16", GGML_TYPE_F16, LLAMA_FTYPE_MOSTLY_F16},
    {"bf16", GGML_TYPE_BF16, LLAMA_FTYPE_MOSTLY_BF16},
    {"q8_0", GGML_TYPE_Q8_0, LLAMA_FTYPE_MOSTLY_Q8_0},
    {"q4_0", GGML_TYPE_Q4_0, LLAMA_FTYPE_MOSTLY_Q4_0},
    {"q4_1", GGML_TYPE_Q4_1, LLAMA_FTYPE_MOSTLY_Q4_1},
    {"q5_0", GGML_TYPE_Q5_0, LLAMA_FTYPE_MOSTLY_Q5_0},
    {"q5_1", GGML_TYPE_Q5_1, LLAMA_FTYPE_MOSTLY_Q5_1},
    {"q2_k", GGML_TYPE_Q2_K, LLAMA_FTYPE_MOSTLY_Q2_K},
    {"q3_k", GGML_TYPE_Q3_K, LLAMA_FTYPE_MOSTLY_Q3_K_S},
    {"q4_k", GGML_TYPE_Q4_K, LLAMA_FTYPE_MOSTLY_Q4_K_S},
    {"q5_k", GGML_TYPE_Q5_K, LLAMA_FTYPE_MOSTLY_Q5_K_S},
    {"q6_k", GGML_TYPE_Q6_K, LLAMA_FTYPE_MOSTLY_Q6_K},
}};

bool ends_with(const std::string& text, const char* end) {
  const size_t n = std::strlen(end);
  return text.size() >= n && text.compare(text.size() - n, n, end) == 0;
}

bool fits(ggml_type type, const GgufTensor& tensor) {
  return tensor.shape[0] % ggml_blck_size(type) == 0;
}

}  // namespace

const NamedType* find_type(const std::string& name) {
  if (name.empty()) return nullptr;
  for (const NamedType& type : kTypes) {
    if (name == type.name) return &type;
  }
  std::string names;
  for (const NamedType& type : kTypes)
    names += (names.empty() ? "" : ", ") + std::string(type.name);
  throw Error("E_USAGE", "expected a tensor type for `type` but received \"" + name + "\"",
              "choose one of: " + names);
}

bool takes_any_type(const GgufTensor& tensor) {
  static const std::array<const char*, 14> kNames = {
      "token_embd.weight",    "output.weight",          "attn_q.weight",
      "attn_k.weight",        "attn_v.weight",          "attn_qkv.weight",
      "attn_output.weight",   "ffn_gate.weight",        "ffn_up.weight",
      "ffn_down.weight",      "ffn_gate_exps.weight",   "ffn_up_exps.weight",
      "ffn_down_exps.weight", "ffn_gate_up_exps.weight"};
  if (tensor.shape[1] <= 1) return false;
  return std::any_of(kNames.begin(), kNames.end(),
                     [&](const char* name) { return ends_with(tensor.name, name); });
}

bool is_writable(ggml_type type) {
  return type == GGML_TYPE_F32 || (ggml_get_type_traits(type)->from_float_ref != nullptr &&
                                   !ggml_quantize_requires_imatrix(type));
}

ggml_type fitting(ggml_type type, const GgufTensor& tensor) {
  if (fits(type, tensor)) return type;
  ggml_type finer = GGML_TYPE_Q8_0;
  if (type == GGML_TYPE_Q2_K || type == GGML_TYPE_Q3_K) finer = GGML_TYPE_Q4_0;
  if (type == GGML_TYPE_Q4_K) finer = GGML_TYPE_Q5_0;
  if (type == GGML_TYPE_Q5_K) finer = GGML_TYPE_Q5_1;
  return fits(finer, tensor) ? finer : GGML_TYPE_F16;
}

ggml_type type_for(const NamedType& asked, const GgufTensor& tensor, bool is_head) {
  const bool coarse = ggml_is_quantized(asked.type) && asked.type != GGML_TYPE_Q8_0;
  return fitting(coarse && is_head ? GGML_TYPE_Q6_K : asked.type, tensor);
}

}  // namespace harmonic
