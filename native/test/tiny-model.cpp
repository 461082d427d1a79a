#include "test/tiny-model.h"

#include <ggml.h>
#include <gguf.h>

#include <cmath>
#include <random>
#include <vector>

#include "test/test.h"

namespace harmonic::test {
namespace {

constexpr int kLayers = 2, kWidth = 32, kHeads = 4, kHeadsKv = 2, kHeadDim = 8, kFf = 48,
              kVocabulary = 64;

class Writer {
 public:
  explicit Writer(ggml_type matrices)
      : matrices_(matrices),
        context_(ggml_init({1 << 22, nullptr, false})),
        gguf_(gguf_init_empty()) {}
  ~Writer() {
    gguf_free(gguf_);
    ggml_free(context_);
  }

  gguf_context* gguf() { return gguf_; }

  /** Normal values around `mean`; matrices keep the scale of their input. */
  void add(const std::string& name, std::vector<int64_t> shape, float mean = 0) {
    const bool is_matrix = shape.size() == 2;
    ggml_tensor* t = ggml_new_tensor(context_, is_matrix ? matrices_ : GGML_TYPE_F32,
                                     static_cast<int>(shape.size()), shape.data());
    const float scale = is_matrix ? 1.5f / std::sqrt(static_cast<float>(shape[0])) : 0.2f;
    std::vector<float> values(ggml_nelements(t));
    for (float& x : values) x = mean + scale * normal_(random_);
    ggml_quantize_chunk(t->type, values.data(), t->data, 0, ggml_nrows(t), t->ne[0], nullptr);
    ggml_set_name(t, name.c_str());
    gguf_add_tensor(gguf_, t);
  }

 private:
  const ggml_type matrices_;
  ggml_context* context_;
  gguf_context* gguf_;
  std::mt19937 random_{7};
  std::normal_distribution<float> normal_;
};

/** SentencePiece: three special tokens, the new line, then single characters from "!". */
void set_vocabulary(gguf_context* g) {
  std::vector<std::string> tokens = {"<unk>", "<s>", "</s>", "<0x0A>"};
  std::vector<int32_t> types = {2, 3, 3, 6};  // unknown, control, control, byte
  while (static_cast<int>(tokens.size()) < kVocabulary) {
    tokens.emplace_back(1, static_cast<char>('!' + tokens.size() - 4));
    types.push_back(1);  // normal
  }
  std::vector<const char*> texts;
  for (const std::string& token : tokens) texts.push_back(token.c_str());
  const std::vector<float> scores(tokens.size(), 0);
  gguf_set_val_str(g, "tokenizer.ggml.model", "llama");
  gguf_set_arr_str(g, "tokenizer.ggml.tokens", texts.data(), texts.size());
  gguf_set_arr_data(g, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, types.data(), types.size());
  gguf_set_arr_data(g, "tokenizer.ggml.scores", GGUF_TYPE_FLOAT32, scores.data(), scores.size());
}

}  // namespace

std::string write_tiny_model(const std::string& architecture, ggml_type matrices) {
  Writer writer(matrices);
  gguf_context* g = writer.gguf();
  const auto set = [&](const char* key, uint32_t value) {
    gguf_set_val_u32(g, (architecture + "." + key).c_str(), value);
  };
  gguf_set_val_str(g, "general.architecture", architecture.c_str());
  set("block_count", kLayers);
  set("embedding_length", kWidth);
  set("feed_forward_length", kFf);
  set("context_length", 128);
  set("attention.head_count", kHeads);
  set("attention.head_count_kv", kHeadsKv);
  set("attention.key_length", kHeadDim);
  gguf_set_val_f32(g, (architecture + ".attention.layer_norm_rms_epsilon").c_str(), 1e-5f);
  gguf_set_val_f32(g, (architecture + ".rope.freq_base").c_str(), 10000.0f);

  set_vocabulary(g);

  writer.add("token_embd.weight", {kWidth, kVocabulary});
  writer.add("output_norm.weight", {kWidth}, 1);
  for (int i = 0; i < kLayers; i++) {
    const std::string p = "blk." + std::to_string(i) + ".";
    writer.add(p + "attn_norm.weight", {kWidth}, 1);
    writer.add(p + "attn_q.weight", {kWidth, kHeads * kHeadDim});
    writer.add(p + "attn_k.weight", {kWidth, kHeadsKv * kHeadDim});
    writer.add(p + "attn_v.weight", {kWidth, kHeadsKv * kHeadDim});
    if (architecture == "qwen2") {
      writer.add(p + "attn_q.bias", {kHeads * kHeadDim});
      writer.add(p + "attn_k.bias", {kHeadsKv * kHeadDim});
      writer.add(p + "attn_v.bias", {kHeadsKv * kHeadDim});
    }
    if (architecture == "qwen3") {
      writer.add(p + "attn_q_norm.weight", {kHeadDim}, 1);
      writer.add(p + "attn_k_norm.weight", {kHeadDim}, 1);
    }
    writer.add(p + "attn_output.weight", {kHeads * kHeadDim, kWidth});
    writer.add(p + "ffn_norm.weight", {kWidth}, 1);
    writer.add(p + "ffn_gate.weight", {kWidth, kFf});
    writer.add(p + "ffn_up.weight", {kWidth, kFf});
    writer.add(p + "ffn_down.weight", {kFf, kWidth});
  }
  const std::string path =
      temporary("tiny-" + architecture + "-" + ggml_type_name(matrices) + ".gguf");
  if (!gguf_write_to_file(g, path.c_str(), false)) throw std::runtime_error("cannot write " + path);
  return path;
}

std::string write_tiny_model_with_columns() {
  const std::string base = write_tiny_model("llama");
  ggml_context* tensors = nullptr;
  gguf_context* read = gguf_init_from_file(base.c_str(), {false, &tensors});
  gguf_context* g = gguf_init_empty();
  gguf_set_kv(g, read);
  ggml_tensor* embedding = ggml_get_tensor(tensors, "token_embd.weight");
  const int64_t width = embedding->ne[0];
  auto* rows = static_cast<float*>(embedding->data);
  std::vector<float> columns(3 * width);
  std::mt19937 random(2);
  std::normal_distribution<float> normal;
  for (float& x : columns) x = normal(random);
  std::vector<int32_t> next(kVocabulary);
  for (int t = 0; t < kVocabulary; t++) next[t] = t % 4 - 1;
  for (int64_t i = 0; i < width; i++) {
    const float folded = columns[next[7] * width + i];
    rows[40 * width + i] = rows[7 * width + i] - folded + columns[1 * width + i];
  }
  gguf_set_arr_data(g, "harmonic.column_embeddings", GGUF_TYPE_FLOAT32, columns.data(),
                    columns.size());
  gguf_set_arr_data(g, "harmonic.next_columns", GGUF_TYPE_INT32, next.data(), next.size());
  for (int64_t i = 0; i < gguf_get_n_tensors(read); i++)
    gguf_add_tensor(g, ggml_get_tensor(tensors, gguf_get_tensor_name(read, i)));
  const std::string path = temporary("tiny-columns.gguf");
  if (!gguf_write_to_file(g, path.c_str(), false)) throw std::runtime_error("cannot write " + path);
  gguf_free(g);
  gguf_free(read);
  ggml_free(tensors);
  return path;
}

}  // namespace harmonic::test
