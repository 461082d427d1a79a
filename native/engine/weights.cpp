#include "engine/weights.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

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

// Rows of a matrix that are read at a time.
constexpr int64_t kRowsAtOnce = 1024;

// values (rows, columns) as (columns, rows)
void transpose(const float* values, int64_t rows, int64_t columns, std::vector<float>& out) {
  out.resize(rows * columns);
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t c = 0; c < columns; c++) out[c * rows + r] = values[r * columns + c];
  }
}

// What was read into and let go of returns to the system, not to later allocations.
void give_back_memory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
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
  const auto product_of = [&](const GgufTensor& tensor) {
    return adapter ? LowRank::find(*adapter, tensor) : std::nullopt;
  };
  // The values of a tensor, with the adapter's product added.
  const auto read = [&](const std::string& name) {
    const GgufTensor& tensor = find(file, name);
    std::vector<float> values = file.read(tensor);
    if (const auto product = product_of(tensor)) product->add(values.data(), 0, tensor.shape[1]);
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

  // Rows are looked up, not multiplied: they stay in the file's type where that is no wider.
  const GgufTensor& tokens = find(file, "token_embd.weight");
  const auto token_product = product_of(tokens);
  const bool as_in_file = !token_product && ggml_row_size(tokens.type, hp.n_embd) <=
                                                ggml_row_size(tensor_type, hp.n_embd);
  embedding =
      ggml_new_tensor_2d(context_, as_in_file ? tokens.type : tensor_type, hp.n_embd, hp.n_vocab);
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

  for (const MatrixSource& source : matrices) {
    const int64_t values = source.n_in * source.n_out;
    int64_t read_at_once = source.rows ? source.n_in : std::min(values, source.n_in * kRowsAtOnce);
    if (!source.matrix->forward) {
      for (const auto* m : {&source.matrix->forward8, &source.matrix->backward8}) {
        if (m == &source.matrix->backward8 && !options.backward) continue;
        const bool back = m == &source.matrix->backward8;
        bytes_ += Int8Matrix(nullptr, back ? source.n_out : source.n_in,
                             back ? source.n_in : source.n_out)
                      .bytes();
      }
      read_at_once = 3 * values;
    }
    reading_bytes_ = std::max<size_t>(reading_bytes_, sizeof(float) * read_at_once);
  }
  bytes_ += ggml_backend_alloc_ctx_tensors_from_buft_size(
      context_, ggml_backend_get_default_buffer_type(backend));
  if (options.measured) {
    // An address that is not looked at tells the graph's allocator that these are not its to place.
    for (ggml_tensor* t = ggml_get_first_tensor(context_); t;
         t = ggml_get_next_tensor(context_, t)) {
      t->data = this;
    }
    for (const MatrixSource& source : matrices) {
      FrozenMatrix& m = *source.matrix;
      if (m.forward) continue;
      m.forward8 = std::make_unique<Int8Matrix>(nullptr, source.n_in, source.n_out);
      m.backward8 = std::make_unique<Int8Matrix>(nullptr, source.n_out, source.n_in);
    }
    return;
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
  // `n` rows from `first` on of a matrix that a tensor holds.
  std::vector<char> packed;
  const auto store_rows = [&](ggml_tensor* t, int64_t first, int64_t n, const float* values) {
    packed.resize(n * t->nb[1]);
    ggml_quantize_chunk(t->type, values, packed.data(), 0, n, t->ne[0], nullptr);
    ggml_backend_tensor_set(t, packed.data(), first * t->nb[1], packed.size());
  };
  // The same of its transpose: t [n_out, n_in].
  std::vector<float> transposed;
  const auto store_columns = [&](ggml_tensor* t, int64_t first, int64_t n, const float* values) {
    const int64_t n_in = t->ne[1];
    const size_t size = ggml_type_size(t->type);
    transpose(values, n, n_in, transposed);
    packed.resize(n * n_in * size);
    ggml_quantize_chunk(t->type, transposed.data(), packed.data(), 0, n_in, n, nullptr);
    for (int64_t i = 0; i < n_in; i++) {
      ggml_backend_tensor_set(t, packed.data() + i * n * size, i * t->nb[1] + first * size,
                              n * size);
    }
  };
  // Calls body(first, n, values) for some rows after others of tensors that lie one behind another.
  const auto for_rows = [&](const std::vector<std::string>& names, const auto& body) {
    int64_t done = 0;
    for (const auto& name : names) {
      const GgufTensor& tensor = find(file, name);
      const auto product = product_of(tensor);
      for (int64_t first = 0; first < tensor.shape[1]; first += kRowsAtOnce) {
        const int64_t n = std::min(kRowsAtOnce, tensor.shape[1] - first);
        std::vector<float> values = file.read_rows(tensor, first, n);
        if (product) product->add(values.data(), first, n);
        body(done + first, n, values.data());
      }
      done += tensor.shape[1];
    }
  };

  if (as_in_file) {
    const std::vector<char> bytes = file.read_bytes(tokens);
    ggml_backend_tensor_set(embedding, bytes.data(), 0, bytes.size());
  } else {
    for_rows({tokens.name}, [&](int64_t first, int64_t n, const float* values) {
      store_rows(embedding, first, n, values);
    });
  }
  for (const MatrixSource& source : matrices) {
    FrozenMatrix& m = *source.matrix;
    const auto store = [&](int64_t first, int64_t n, const float* values) {
      store_rows(m.forward, first, n, values);
      if (m.backward) store_columns(m.backward, first, n, values);
    };
    if (source.rows) {
      const GgufTensor& tensor = find(file, source.names[0]);
      const auto product = product_of(tensor);
      for (int64_t o = 0; o < source.n_out; o++) {
        const int64_t id = (*source.rows)[o];
        std::vector<float> values = file.read_rows(tensor, id, 1);
        if (product) product->add(values.data(), id, 1);
        store(o, 1, values.data());
      }
    } else if (m.forward) {
      for_rows(source.names, store);
    } else {
      const std::vector<float> values = read_all(source.names);
      m.forward8 = std::make_unique<Int8Matrix>(values.data(), source.n_in, source.n_out);
      if (!options.backward) continue;
      transpose(values.data(), source.n_out, source.n_in, transposed);
      m.backward8 = std::make_unique<Int8Matrix>(transposed.data(), source.n_out, source.n_in);
    }
  }
  give_back_memory();
}

Weights::~Weights() {
  ggml_backend_buffer_free(buffer_);
  ggml_free(context_);
}

}  // namespace harmonic
