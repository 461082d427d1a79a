#include "engine/architecture.h"

#include <algorithm>
#include <array>

namespace harmonic {
namespace {

/** Decoders with RMS norms, rotary positions, grouped attention and a gated SiLU block; Mistral
 * calls itself llama. */
constexpr std::array<const char*, 3> kTrainable = {"llama", "qwen2", "qwen3"};

bool ends_with(const std::string& text, const std::string& suffix) {
  return text.size() >= suffix.size() &&
         text.compare(text.size() - suffix.size(), suffix.size(), suffix) == 0;
}

}  // namespace

std::string untrainable_reason(const GgufFile& base) {
  const std::string architecture = base.architecture();
  if (std::find(kTrainable.begin(), kTrainable.end(), architecture) == kTrainable.end()) {
    return "its architecture is \"" + architecture +
           "\", and only llama (also Mistral), qwen2 and qwen3 can be trained";
  }
  if (base.architecture_integer("expert_count") > 0) return "it is a mixture of experts";
  const std::string scaling = base.text(architecture + ".rope.scaling.type", "none");
  if (scaling != "none" && scaling != "linear")
    return "its rotary positions are scaled by \"" + scaling + "\"";
  if (base.integer("split.count") > 1)
    return "it is split over several files; merge them with llama-gguf-split";
  for (const GgufTensor& tensor : base.tensors()) {
    const std::string& name = tensor.name;
    const bool input_bias = ends_with(name, "attn_q.bias") || ends_with(name, "attn_k.bias") ||
                            ends_with(name, "attn_v.bias");
    if (ends_with(name, ".bias") && !input_bias)
      return "it has a bias (" + name + ") that the trainer does not know";
  }
  return "";
}

}  // namespace harmonic
