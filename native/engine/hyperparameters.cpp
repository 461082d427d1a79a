#include "engine/hyperparameters.h"

#include "engine/architecture.h"
#include "engine/error.h"

namespace harmonic {

Hyperparameters read_hyperparameters(const GgufFile& file) {
  const std::string reason = untrainable_reason(file);
  if (!reason.empty()) {
    throw Error("E_MODEL", file.path() + ": cannot be trained: " + reason,
                "choose another base model");
  }
  Hyperparameters hp;
  hp.architecture = file.architecture();
  const auto integer = [&](const char* name, int64_t fallback) {
    return static_cast<int>(file.architecture_integer(name, fallback));
  };
  const auto real = [&](const char* name, float fallback) {
    return file.real(hp.architecture + "." + name, fallback);
  };
  hp.n_layers = integer("block_count", 0);
  hp.n_embd = integer("embedding_length", 0);
  hp.n_heads = integer("attention.head_count", 0);
  hp.n_heads_kv = integer("attention.head_count_kv", hp.n_heads);
  if (hp.n_layers <= 0 || hp.n_embd <= 0 || hp.n_heads <= 0 || hp.n_heads_kv <= 0) {
    throw Error("E_MODEL",
                file.path() +
                    ": lacks the sizes of its layers (block_count, embedding_length, head_count)");
  }
  hp.head_dim = integer("attention.key_length", hp.n_embd / hp.n_heads);
  hp.n_ff = integer("feed_forward_length", 0);
  hp.norm_epsilon = real("attention.layer_norm_rms_epsilon", 1e-5f);
  hp.rope_base = real("rope.freq_base", 10000.0f);
  const float factor = real("rope.scaling.factor", 1.0f);
  hp.rope_scale = factor > 0 ? 1.0f / factor : 1.0f;
  hp.rope_neox = hp.architecture != "llama";
  return hp;
}

}  // namespace harmonic
