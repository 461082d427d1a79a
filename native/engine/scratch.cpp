#include "engine/scratch.h"

#include <gguf.h>

#include <cmath>
#include <memory>
#include <random>
#include <vector>

#include "engine/error.h"
#include "engine/gguf-file.h"
#include "engine/model-writer.h"

namespace harmonic {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr float kDeviation = 0.02f;

// Normal values by Box and Muller, the same on every platform.
class Normal {
 public:
  explicit Normal(uint64_t seed) : random_(seed) {}
  float operator()() {
    const double u = uniform(), v = uniform();
    return static_cast<float>(std::sqrt(-2 * std::log(u)) * std::cos(2 * kPi * v));
  }

 private:
  double uniform() { return (static_cast<double>(random_() >> 11) + 0.5) * 0x1.0p-53; }
  std::mt19937_64 random_;
};

void check(const ScratchOptions& o) {
  const auto fail = [](const std::string& what) { throw Error("E_USAGE", "expected " + what); };
  const auto positive = [&](int value, const char* name) {
    if (value < 1) {
      fail("a positive number for `" + std::string(name) + "` but received " +
           std::to_string(value));
    }
  };
  positive(o.n_vocabulary, "nVocabulary");
  positive(o.n_layers, "nLayers");
  positive(o.n_embedding, "nEmbedding");
  positive(o.n_heads, "nHeads");
  positive(o.n_heads_kv, "nHeadsKv");
  positive(o.n_feed_forward, "nFeedForward");
  positive(o.n_context, "nContext");
  if (o.n_embedding % o.n_heads != 0 || o.n_embedding / o.n_heads % 2 != 0) {
    fail("`nEmbedding` " + std::to_string(o.n_embedding) + " to be an even multiple of `nHeads` " +
         std::to_string(o.n_heads));
  }
  if (o.n_heads % o.n_heads_kv != 0) {
    fail("`nHeads` " + std::to_string(o.n_heads) + " to be a multiple of `nHeadsKv` " +
         std::to_string(o.n_heads_kv));
  }
}

// The keys of the tokenizer of `base`, or what tells llama.cpp that there is none.
void set_tokenizer(gguf_context* g, const GgufFile* base) {
  if (!base) {
    gguf_set_val_str(g, "tokenizer.ggml.model", "no_vocab");
    return;
  }
  gguf_set_kv(g, base->metadata());
  std::vector<std::string> others;
  for (int64_t i = 0; i < gguf_get_n_kv(g); i++) {
    const std::string key = gguf_get_key(g, i);
    if (key.rfind("tokenizer.", 0) != 0) others.push_back(key);
  }
  for (const std::string& key : others) gguf_remove_key(g, key.c_str());
}

void set_shape(gguf_context* g, const ScratchOptions& o) {
  gguf_set_val_str(g, "general.architecture", "llama");
  gguf_set_val_str(g, "general.name", "from scratch");
  gguf_set_val_u32(g, "general.file_type", 0);
  const auto head = static_cast<uint32_t>(o.n_embedding / o.n_heads);
  const auto integer = [&](const char* key, uint32_t value) {
    gguf_set_val_u32(g, ("llama." + std::string(key)).c_str(), value);
  };
  integer("vocab_size", o.n_vocabulary);
  integer("context_length", o.n_context);
  integer("block_count", o.n_layers);
  integer("embedding_length", o.n_embedding);
  integer("feed_forward_length", o.n_feed_forward);
  integer("attention.head_count", o.n_heads);
  integer("attention.head_count_kv", o.n_heads_kv);
  integer("attention.key_length", head);
  integer("attention.value_length", head);
  integer("rope.dimension_count", head);
  gguf_set_val_f32(g, "llama.attention.layer_norm_rms_epsilon", o.norm_epsilon);
  gguf_set_val_f32(g, "llama.rope.freq_base", o.rope_base);
}

}  // namespace

void write_scratch_model(const ScratchOptions& given) {
  ScratchOptions o = given;
  std::unique_ptr<GgufFile> base;
  if (!o.tokenizer.empty()) {
    base = std::make_unique<GgufFile>(o.tokenizer, "base model");
    const GgufTensor* embedding = base->find("token_embd.weight");
    if (!embedding) {
      throw Error("E_MODEL", o.tokenizer + ": has no tensor \"token_embd.weight\"",
                  "give a language model whose tokenizer is to be used");
    }
    o.n_vocabulary = static_cast<int>(embedding->shape[1]);
  }
  check(o);
  const std::unique_ptr<gguf_context, void (*)(gguf_context*)> header(gguf_init_empty(), gguf_free);
  set_tokenizer(header.get(), base.get());
  set_shape(header.get(), o);

  Normal normal(o.seed);
  std::vector<std::vector<float>> values;
  std::vector<NamedTensor> tensors;
  const auto add = [&](const std::string& name, int64_t n_in, int64_t n_out, float deviation) {
    values.emplace_back(n_in * n_out, 1.0f);
    if (deviation > 0) {
      for (float& x : values.back()) x = deviation * normal();
    }
    tensors.push_back({name, {n_in, n_out}, values.back().data()});
  };
  const int64_t width = o.n_embedding, kv = width / o.n_heads * o.n_heads_kv;
  const float residual = kDeviation / std::sqrt(2.0f * static_cast<float>(o.n_layers));
  add("token_embd.weight", width, o.n_vocabulary, kDeviation);
  for (int i = 0; i < o.n_layers; i++) {
    const std::string p = "blk." + std::to_string(i) + ".";
    add(p + "attn_norm.weight", width, 1, 0);
    add(p + "attn_q.weight", width, width, kDeviation);
    add(p + "attn_k.weight", width, kv, kDeviation);
    add(p + "attn_v.weight", width, kv, kDeviation);
    add(p + "attn_output.weight", width, width, residual);
    add(p + "ffn_norm.weight", width, 1, 0);
    add(p + "ffn_gate.weight", width, o.n_feed_forward, kDeviation);
    add(p + "ffn_up.weight", width, o.n_feed_forward, kDeviation);
    add(p + "ffn_down.weight", o.n_feed_forward, width, residual);
  }
  add("output_norm.weight", width, 1, 0);
  if (!o.tied) add("output.weight", width, o.n_vocabulary, kDeviation);
  write_model(o.path, header.get(), tensors, "");
}

}  // namespace harmonic
