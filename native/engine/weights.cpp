#include "engine/weights.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "engine/adapter-check.h"
#include "engine/architecture.h"
#include "engine/error.h"
#include "engine/gguf-file.h"
#include "engine/low-rank.h"

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

namespace {

// One tensor of the base by name.
const GgufTensor& find(const GgufFile& file, const std::string& name) {
  const GgufTensor* tensor = file.find(name);
  if (!tensor) throw Error("E_MODEL", file.path() + ": has no tensor \"" + name + "\"");
  return *tensor;
}

}  // namespace

Weights::Weights(const WeightsOptions& options, ggml_backend_t backend) {
  const std::string& path = options.path;
  const ggml_type type = options.type;
  const std::vector<int32_t>& vocabulary = options.vocabulary;
  const GgufFile file(path, "base model");
  hp = read_hyperparameters(file);
  hp.n_vocab = static_cast<int>(find(file, "token_embd.weight").shape[1]);
  std::unique_ptr<GgufFile> adapter;
  if (!options.adapter.empty()) {
    adapter = std::make_unique<GgufFile>(options.adapter, "adapter");
    check_adapter(*adapter, file);
  }
  // The values of a tensor, with the adapter's product added.
  const auto read = [&](const std::string& name) {
    const GgufTensor& tensor = find(file, name);
    std::vector<float> values = file.read(tensor);
    if (adapter) {
      if (const auto product = LowRank::find(*adapter, tensor))
        product->add(values.data(), 0, tensor.shape[1]);
    }
    return values;
  };
  const auto read_all = [&](const std::vector<std::string>& names) {
    std::vector<float> all;
    for (const auto& name : names) {
      const std::vector<float> values = read(name);
      all.insert(all.end(), values.begin(), values.end());
    }
    return all;
  };

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
    vectors.emplace_back(t, [&read_all, names] { return read_all(names); });
    return t;
  };
  const auto matrix = [&](FrozenMatrix& m, const std::vector<std::string>& names, int64_t n_in,
                          int64_t n_out, const std::vector<int32_t>* rows = nullptr) {
    // a head of a few ids costs nothing in F32, and a whole one decides between near likelihoods
    const ggml_type stored = rows ? GGML_TYPE_F32 : &m == &head ? tensor_type : type;
    int64_t total = 0;
    for (const auto& name : names) {
      const GgufTensor& t = find(file, name);
      if (t.shape[0] != n_in) {
        throw Error("E_MODEL", path + ": tensor \"" + name + "\" has rows of " +
                                   std::to_string(t.shape[0]) + " values, expected " +
                                   std::to_string(n_in));
      }
      total += t.shape[1];
    }
    if (!rows && total != n_out) {
      throw Error("E_MODEL", path + ": tensor \"" + names[0] + "\" and its neighbours have " +
                                 std::to_string(total) + " rows, expected " +
                                 std::to_string(n_out));
    }
    if (stored != GGML_TYPE_I8) {
      m.forward = ggml_new_tensor_2d(context_, stored, n_in, n_out);
      if (options.backward) m.backward = ggml_new_tensor_2d(context_, stored, n_out, n_in);
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
    if (file.find(p + "attn_q.bias")) {
      l.qkv_bias = vector({p + "attn_q.bias", p + "attn_k.bias", p + "attn_v.bias"}, hp.qkv_dim());
    }
    if (file.find(p + "attn_q_norm.weight")) {
      l.q_norm = vector({p + "attn_q_norm.weight"}, hp.head_dim);
      l.k_norm = vector({p + "attn_k_norm.weight"}, hp.head_dim);
    }
    matrix(l.output, {p + "attn_output.weight"}, hp.q_dim(), hp.n_embd);
    matrix(l.gate_up, {p + "ffn_gate.weight", p + "ffn_up.weight"}, hp.n_embd, 2 * hp.n_ff);
    matrix(l.down, {p + "ffn_down.weight"}, hp.n_ff, hp.n_embd);
  }
  output_norm = vector({"output_norm.weight"}, hp.n_embd);
  const std::string head_name = file.find("output.weight") ? "output.weight" : "token_embd.weight";
  for (int32_t id : vocabulary) {
    if (id < 0 || id >= hp.n_vocab)
      throw Error("E_MODEL", path + ": has no token " + std::to_string(id));
  }
  const int64_t n_head = vocabulary.empty() ? hp.n_vocab : static_cast<int64_t>(vocabulary.size());
  matrix(head, {head_name}, hp.n_embd, n_head, vocabulary.empty() ? nullptr : &vocabulary);
  if (file.find("rope_freqs.weight")) {
    for (float f : read("rope_freqs.weight")) rope_factors.push_back(1.0f / f);
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
  store(embedding, read("token_embd.weight"));
  std::vector<float> transposed;
  for (const MatrixSource& source : matrices) {
    std::vector<float> values = read_all(source.names);
    const int64_t n_in = source.n_in, n_out = source.n_out;
    FrozenMatrix& m = *source.matrix;
    if (source.rows) {
      std::vector<float> picked(n_in * n_out);
      for (int64_t o = 0; o < n_out; o++) {
        std::copy_n(values.data() + (*source.rows)[o] * n_in, n_in, picked.data() + o * n_in);
      }
      values.swap(picked);
    }
    if (m.forward) {
      store(m.forward, values);
    } else {
      m.forward8 = std::make_unique<Int8Matrix>(values.data(), n_in, n_out);
    }
    if (!options.backward) continue;
    transposed.resize(values.size());
    for (int64_t o = 0; o < n_out; o++) {
      for (int64_t i = 0; i < n_in; i++) transposed[i * n_out + o] = values[o * n_in + i];
    }
    if (m.backward) {
      store(m.backward, transposed);
    } else {
      m.backward8 = std::make_unique<Int8Matrix>(transposed.data(), n_out, n_in);
    }
  }
}

Weights::~Weights() {
  ggml_backend_buffer_free(buffer_);
  ggml_free(context_);
}

}  // namespace harmonic
