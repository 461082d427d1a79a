#include "engine/weights.h"

#include <cstdio>
#include <functional>
#include <memory>
#include <utility>

#include "engine/architecture.h"
#include "engine/error.h"
#include "gguf.h"

namespace harmonic {
namespace {

// Reads tensors of a GGUF one at a time as F32, whatever their type, without holding the file in
// memory.
class GgufReader {
 public:
  explicit GgufReader(const std::string& path) : path_(path) {
    gguf_init_params params = {true, &meta_};
    gguf_.reset(gguf_init_from_file(path.c_str(), params));
    if (!gguf_) throw Error("E_MODEL", path + ": not a readable GGUF file");
    file_.reset(std::fopen(path.c_str(), "rb"));
    if (!file_) throw Error("E_MODEL", path + ": cannot be opened");
  }
  ~GgufReader() { ggml_free(meta_); }

  const gguf_context* gguf() const { return gguf_.get(); }
  bool has(const std::string& name) const {
    return ggml_get_tensor(meta_, name.c_str()) != nullptr;
  }

  const ggml_tensor* find(const std::string& name) const {
    const ggml_tensor* t = ggml_get_tensor(meta_, name.c_str());
    if (!t) throw Error("E_MODEL", path_ + ": has no tensor \"" + name + "\"");
    return t;
  }

  void read(const std::string& name, std::vector<float>& out) {
    const ggml_tensor* t = find(name);
    const int64_t id = gguf_find_tensor(gguf_.get(), name.c_str());
    const size_t offset =
        gguf_get_data_offset(gguf_.get()) + gguf_get_tensor_offset(gguf_.get(), id);
    const size_t bytes = ggml_nbytes(t);
    const int64_t n = ggml_nelements(t);
    raw_.resize(bytes);
    if (fseeko(file_.get(), static_cast<off_t>(offset), SEEK_SET) != 0 ||
        std::fread(raw_.data(), 1, bytes, file_.get()) != bytes) {
      throw Error("E_MODEL", path_ + ": ends in the middle of tensor \"" + name + "\"",
                  "the file is truncated; fetch it again");
    }
    const size_t start = out.size();
    out.resize(start + n);
    if (t->type == GGML_TYPE_F32) {
      std::copy_n(reinterpret_cast<const float*>(raw_.data()), n, out.data() + start);
    } else {
      const auto to_float = ggml_get_type_traits(t->type)->to_float;
      if (!to_float) {
        throw Error("E_MODEL", path_ + ": tensor \"" + name + "\" has type " +
                                   ggml_type_name(t->type) +
                                   ", which cannot be converted for training");
      }
      to_float(raw_.data(), out.data() + start, n);
    }
  }

  std::vector<float> read(const std::string& name) {
    std::vector<float> out;
    read(name, out);
    return out;
  }

 private:
  struct Free {
    void operator()(gguf_context* g) const { gguf_free(g); }
    void operator()(FILE* f) const { std::fclose(f); }
  };
  std::string path_;
  ggml_context* meta_ = nullptr;
  std::unique_ptr<gguf_context, Free> gguf_;
  std::unique_ptr<FILE, Free> file_;
  std::vector<char> raw_;
};

Hyperparameters read_hyperparameters(const GgufReader& reader, const std::string& path) {
  const gguf_context* g = reader.gguf();
  const std::string reason = untrainable_reason(GgufFile(path, "base model"));
  if (!reason.empty()) {
    throw Error("E_MODEL", path + ": cannot be trained: " + reason, "choose another base model");
  }
  Hyperparameters hp;
  hp.architecture = gguf_get_val_str(g, gguf_find_key(g, "general.architecture"));
  const auto key = [&](const char* name) {
    return gguf_find_key(g, (hp.architecture + "." + name).c_str());
  };
  const auto u32 = [&](const char* name, int fallback) {
    const int64_t id = key(name);
    return id < 0 ? fallback : static_cast<int>(gguf_get_val_u32(g, id));
  };
  const auto f32 = [&](const char* name, float fallback) {
    const int64_t id = key(name);
    return id < 0 ? fallback : gguf_get_val_f32(g, id);
  };
  hp.n_layers = u32("block_count", 0);
  hp.n_embd = u32("embedding_length", 0);
  hp.n_heads = u32("attention.head_count", 0);
  hp.n_heads_kv = u32("attention.head_count_kv", hp.n_heads);
  if (hp.n_layers <= 0 || hp.n_embd <= 0 || hp.n_heads <= 0 || hp.n_heads_kv <= 0) {
    throw Error(
        "E_MODEL",
        path + ": lacks the sizes of its layers (block_count, embedding_length, head_count)");
  }
  hp.head_dim = u32("attention.key_length", hp.n_embd / hp.n_heads);
  hp.n_ff = u32("feed_forward_length", 0);
  hp.norm_epsilon = f32("attention.layer_norm_rms_epsilon", 1e-5f);
  hp.rope_base = f32("rope.freq_base", 10000.0f);
  const float factor = f32("rope.scaling.factor", 1.0f);
  hp.rope_scale = factor > 0 ? 1.0f / factor : 1.0f;
  hp.rope_neox = hp.architecture != "llama";
  hp.n_vocab = static_cast<int>(reader.find("token_embd.weight")->ne[1]);
  return hp;
}

}  // namespace

Weights::Weights(const std::string& path, ggml_type type, const std::vector<int32_t>& vocabulary,
                 ggml_backend_t backend) {
  GgufReader reader(path);
  hp = read_hyperparameters(reader, path);

  const size_t n_tensors = 16 + static_cast<size_t>(hp.n_layers) * 14;
  context_ = ggml_init({ggml_tensor_overhead() * n_tensors, nullptr, true});

  // Tensors are declared first, with how each is filled, and filled once the buffer exists.
  std::vector<std::pair<ggml_tensor*, std::function<std::vector<float>()>>> vectors;
  struct MatrixSource {
    FrozenMatrix* matrix;
    std::vector<std::string> names;
    int64_t n_in, n_out;
    const std::vector<int32_t>* rows;
  };
  std::vector<MatrixSource> matrices;

  const ggml_type tensor_type = type == GGML_TYPE_I8 ? GGML_TYPE_BF16 : type;
  const auto vector = [&](const std::vector<std::string>& names, int64_t n) {
    ggml_tensor* t = ggml_new_tensor_1d(context_, GGML_TYPE_F32, n);
    vectors.emplace_back(t, [&reader, names] {
      std::vector<float> out;
      for (const auto& name : names) reader.read(name, out);
      return out;
    });
    return t;
  };
  const auto matrix = [&](FrozenMatrix& m, const std::vector<std::string>& names, int64_t n_in,
                          int64_t n_out, const std::vector<int32_t>* rows = nullptr) {
    // a head of a few ids costs nothing in F32, and a whole one decides between near likelihoods
    const ggml_type stored = rows ? GGML_TYPE_F32 : &m == &head ? tensor_type : type;
    int64_t total = 0;
    for (const auto& name : names) {
      const ggml_tensor* t = reader.find(name);
      if (t->ne[0] != n_in) {
        throw Error("E_MODEL", path + ": tensor \"" + name + "\" has rows of " +
                                   std::to_string(t->ne[0]) + " values, expected " +
                                   std::to_string(n_in));
      }
      total += t->ne[1];
    }
    if (!rows && total != n_out) {
      throw Error("E_MODEL", path + ": tensor \"" + names[0] + "\" and its neighbours have " +
                                 std::to_string(total) + " rows, expected " +
                                 std::to_string(n_out));
    }
    if (stored != GGML_TYPE_I8) {
      m.forward = ggml_new_tensor_2d(context_, stored, n_in, n_out);
      m.backward = ggml_new_tensor_2d(context_, stored, n_out, n_in);
    }
    matrices.push_back({&m, names, n_in, n_out, rows});
  };

  embedding = ggml_new_tensor_2d(context_, tensor_type, hp.n_embd, hp.n_vocab);
  layers.resize(hp.n_layers);
  for (int i = 0; i < hp.n_layers; i++) {
    const std::string p = "blk." + std::to_string(i) + ".";
    LayerWeights& l = layers[i];
    l.attention_norm = vector({p + "attn_norm.weight"}, hp.n_embd);
    l.ffn_norm = vector({p + "ffn_norm.weight"}, hp.n_embd);
    matrix(l.qkv, {p + "attn_q.weight", p + "attn_k.weight", p + "attn_v.weight"}, hp.n_embd,
           hp.qkv_dim());
    if (reader.has(p + "attn_q.bias")) {
      l.qkv_bias = vector({p + "attn_q.bias", p + "attn_k.bias", p + "attn_v.bias"}, hp.qkv_dim());
    }
    if (reader.has(p + "attn_q_norm.weight")) {
      l.q_norm = vector({p + "attn_q_norm.weight"}, hp.head_dim);
      l.k_norm = vector({p + "attn_k_norm.weight"}, hp.head_dim);
    }
    matrix(l.output, {p + "attn_output.weight"}, hp.q_dim(), hp.n_embd);
    matrix(l.gate_up, {p + "ffn_gate.weight", p + "ffn_up.weight"}, hp.n_embd, 2 * hp.n_ff);
    matrix(l.down, {p + "ffn_down.weight"}, hp.n_ff, hp.n_embd);
  }
  output_norm = vector({"output_norm.weight"}, hp.n_embd);
  const std::string head_name = reader.has("output.weight") ? "output.weight" : "token_embd.weight";
  for (int32_t id : vocabulary) {
    if (id < 0 || id >= hp.n_vocab)
      throw Error("E_MODEL", path + ": has no token " + std::to_string(id));
  }
  const int64_t n_head = vocabulary.empty() ? hp.n_vocab : static_cast<int64_t>(vocabulary.size());
  matrix(head, {head_name}, hp.n_embd, n_head, vocabulary.empty() ? nullptr : &vocabulary);
  if (reader.has("rope_freqs.weight")) {
    for (float f : reader.read("rope_freqs.weight")) rope_factors.push_back(1.0f / f);
  }

  buffer_ = ggml_backend_alloc_ctx_tensors(context_, backend);
  if (!buffer_) throw Error("E_MODEL", path + ": not enough memory for its weights");

  for (auto& [tensor, source] : vectors) {
    const std::vector<float> values = source();
    if (static_cast<int64_t>(values.size()) != ggml_nelements(tensor)) {
      throw Error("E_MODEL", path + ": a norm or bias vector has an unexpected size");
    }
    ggml_backend_tensor_set(tensor, values.data(), 0, ggml_nbytes(tensor));
  }
  std::vector<char> packed;
  const auto store = [&](ggml_tensor* t, const std::vector<float>& values) {
    packed.resize(ggml_nbytes(t));
    ggml_quantize_chunk(t->type, values.data(), packed.data(), 0, t->ne[1], t->ne[0], nullptr);
    ggml_backend_tensor_set(t, packed.data(), 0, packed.size());
  };
  store(embedding, reader.read("token_embd.weight"));
  std::vector<float> values, transposed;
  for (const MatrixSource& source : matrices) {
    values.clear();
    for (const auto& name : source.names) reader.read(name, values);
    const int64_t n_in = source.n_in, n_out = source.n_out;
    FrozenMatrix& m = *source.matrix;
    if (source.rows) {
      std::vector<float> picked(n_in * n_out);
      for (int64_t o = 0; o < n_out; o++) {
        std::copy_n(values.data() + (*source.rows)[o] * n_in, n_in, picked.data() + o * n_in);
      }
      values.swap(picked);
    }
    transposed.resize(values.size());
    for (int64_t o = 0; o < n_out; o++) {
      for (int64_t i = 0; i < n_in; i++) transposed[i * n_out + o] = values[o * n_in + i];
    }
    if (m.forward) {
      store(m.forward, values);
      store(m.backward, transposed);
    } else {
      m.forward8 = std::make_unique<Int8Matrix>(values.data(), n_in, n_out);
      m.backward8 = std::make_unique<Int8Matrix>(transposed.data(), n_out, n_in);
    }
  }
}

Weights::~Weights() {
  ggml_backend_buffer_free(buffer_);
  ggml_free(context_);
}

}  // namespace harmonic
