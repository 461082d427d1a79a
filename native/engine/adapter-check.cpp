#include "engine/adapter-check.h"

#include "engine/error.h"
#include "engine/low-rank.h"

namespace harmonic {
namespace {

[[noreturn]] void throw_corrupt(const GgufFile& adapter, const std::string& reason) {
  throw Error("E_MODEL", "the adapter " + adapter.path() + " is corrupt: " + reason,
              "train or fetch it again");
}

[[noreturn]] void throw_other_base(const GgufFile& adapter, const GgufFile& base,
                                   const std::string& reason) {
  throw Error("E_MODEL",
              "the adapter " + adapter.path() + " was made for another base model than " +
                  base.path() + ": " + reason,
              "give the base model that the adapter was trained on");
}

}  // namespace

void check_adapter(const GgufFile& adapter, const GgufFile& base) {
  if (adapter.text("general.type") != "adapter" || adapter.text("adapter.type") != "lora") {
    throw Error(
        "E_MODEL",
        "expected " + adapter.path() + " to be a LoRA adapter but it is another kind of GGUF",
        "give an adapter that `harmonic train` wrote, or any LoRA in llama.cpp's format");
  }
  if (adapter.architecture() != base.architecture()) {
    throw_other_base(adapter, base,
                     "expected the architecture \"" + base.architecture() + "\" but it has \"" +
                         adapter.architecture() + "\"");
  }
  if (adapter.tensors().empty()) throw_corrupt(adapter, "it has no tensors");
  // A split base shows only its first part here; llama.cpp checks the rest.
  if (base.integer("split.count") > 1) return;

  for (const GgufTensor& tensor : adapter.tensors()) {
    const std::string target = adapted_matrix(tensor.name);
    if (target.empty() || tensor.name == target + kLoraB) continue;
    const GgufTensor* b = adapter.find(target + kLoraB);
    if (b == nullptr) throw_corrupt(adapter, "tensor " + target + kLoraB + " is missing");
    const GgufTensor* weight = base.find(target);
    if (weight == nullptr) throw_other_base(adapter, base, "the base has no tensor " + target);
    // Of token_embd A and B come flipped; llama.cpp would apply them to a tied output too, and end
    // the process.
    const bool embedding = target == "token_embd.weight";
    if (embedding && base.find("output.weight") == nullptr) {
      throw Error("E_MODEL",
                  "the adapter " + adapter.path() + " adapts the embedding, which " + base.path() +
                      " also has as its output",
                  "train an adapter of q, k, v, o, gate, up and down only");
    }
    const int64_t rank_a = embedding ? tensor.shape[0] : tensor.shape[1];
    if (rank_a != b->shape[0]) throw_corrupt(adapter, "the ranks of " + target + " differ");
    const int64_t n_in = embedding ? b->shape[1] : tensor.shape[0];
    const int64_t n_out = embedding ? tensor.shape[1] : b->shape[1];
    if (n_in != weight->shape[0] || n_out != weight->shape[1]) {
      throw_other_base(adapter, base,
                       "expected " + target + " to be " + std::to_string(weight->shape[0]) + " x " +
                           std::to_string(weight->shape[1]) + " but it is " + std::to_string(n_in) +
                           " x " + std::to_string(n_out));
    }
  }
}

}  // namespace harmonic
