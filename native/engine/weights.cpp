#include "engine/weights.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <algorithm>

#include "engine/base-reader.h"
#include "engine/error.h"

namespace harmonic {
namespace {

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

// Declares the tensors of some weights, each with what fills it, then gives them memory and fills
// them.
class Weights::Loader {
 public:
  Loader(Weights& weights, const WeightsOptions& options)
      : w_(weights),
        options_(options),
        reader_(options.path, options.adapter),
        tensor_type_(options.type == GGML_TYPE_I8 ? GGML_TYPE_BF16 : options.type) {}

  void declare();
  // Counts the bytes that are held, and those beside them while they are read.
  void measure(ggml_backend_t backend);
  // In place of memory, for graphs that are only measured.
  void hold_shapes();
  void fill(ggml_backend_t backend);

 private:
  struct VectorSource {
    ggml_tensor* tensor;
    std::vector<std::string> names;
  };
  struct MatrixSource {
    FrozenMatrix* matrix;
    std::vector<std::string> names;
    int64_t n_in, n_out;
    const std::vector<int32_t>* rows;  // of the matrix in the file; null: all
  };

  void declare_embedding();
  void declare_layer(LayerWeights& layer, const std::string& prefix);
  void declare_head();
  ggml_tensor* vector(const std::vector<std::string>& names, int64_t n);
  void matrix(FrozenMatrix& m, const std::vector<std::string>& names, int64_t n_in, int64_t n_out,
              const std::vector<int32_t>* rows = nullptr);
  void check_shape(const std::vector<std::string>& names, int64_t n_in, int64_t n_out) const;
  void fill_embedding();
  void fill(const MatrixSource& source);
  void store_rows(ggml_tensor* t, int64_t first, int64_t n, const float* values);
  void store_columns(ggml_tensor* t, int64_t first, int64_t n, const float* values);

  Weights& w_;
  const WeightsOptions& options_;
  const BaseReader reader_;
  const ggml_type tensor_type_;  // of matrices that are no 8-bit integers
  std::vector<VectorSource> vectors_;
  std::vector<MatrixSource> matrices_;
  std::vector<char> packed_;
  std::vector<float> transposed_;
};

void Weights::Loader::declare() {
  Hyperparameters& hp = w_.hp;
  hp = read_hyperparameters(reader_.file());
  if (options_.layers > 0) hp.n_layers = std::min(hp.n_layers, options_.layers);
  hp.n_vocab = static_cast<int>(reader_.find("token_embd.weight").shape[1]);
  const size_t n_tensors = 16 + static_cast<size_t>(hp.n_layers) * 14;
  w_.context_.reset(ggml_init({ggml_tensor_overhead() * n_tensors, nullptr, true}));
  declare_embedding();
  w_.layers.resize(hp.n_layers);
  for (int i = 0; i < hp.n_layers; i++)
    declare_layer(w_.layers[i], "blk." + std::to_string(i) + ".");
  w_.output_norm = vector({"output_norm.weight"}, hp.n_embd);
  declare_head();
  if (reader_.has("rope_freqs.weight")) {
    for (float f : reader_.read({"rope_freqs.weight"})) w_.rope_factors.push_back(1.0f / f);
  }
}

// Its rows are looked up, not multiplied: they stay in the file's type where that is no wider.
void Weights::Loader::declare_embedding() {
  const GgufTensor& tokens = reader_.find("token_embd.weight");
  const int64_t n_embd = w_.hp.n_embd;
  const bool as_in_file = !reader_.is_adapted(tokens) &&
                          ggml_row_size(tokens.type, n_embd) <= ggml_row_size(tensor_type_, n_embd);
  w_.embedding = ggml_new_tensor_2d(w_.context_.get(), as_in_file ? tokens.type : tensor_type_,
                                    n_embd, w_.hp.n_vocab);
}

void Weights::Loader::declare_layer(LayerWeights& layer, const std::string& p) {
  const Hyperparameters& hp = w_.hp;
  layer.attention_norm = vector({p + "attn_norm.weight"}, hp.n_embd);
  layer.ffn_norm = vector({p + "ffn_norm.weight"}, hp.n_embd);
  matrix(layer.qkv, {p + "attn_q.weight", p + "attn_k.weight", p + "attn_v.weight"}, hp.n_embd,
         hp.qkv_dim());
  if (reader_.has(p + "attn_q.bias")) {
    layer.qkv_bias =
        vector({p + "attn_q.bias", p + "attn_k.bias", p + "attn_v.bias"}, hp.qkv_dim());
  }
  if (reader_.has(p + "attn_q_norm.weight")) {
    layer.q_norm = vector({p + "attn_q_norm.weight"}, hp.head_dim);
    layer.k_norm = vector({p + "attn_k_norm.weight"}, hp.head_dim);
  }
  matrix(layer.output, {p + "attn_output.weight"}, hp.q_dim(), hp.n_embd);
  matrix(layer.gate_up, {p + "ffn_gate.weight", p + "ffn_up.weight"}, hp.n_embd, 2 * hp.n_ff);
  matrix(layer.down, {p + "ffn_down.weight"}, hp.n_ff, hp.n_embd);
}

void Weights::Loader::declare_head() {
  const Hyperparameters& hp = w_.hp;
  const std::vector<int32_t>& vocabulary = options_.vocabulary;
  for (int32_t id : vocabulary) {
    if (id < 0 || id >= hp.n_vocab)
      throw Error("E_MODEL", options_.path + ": has no token " + std::to_string(id));
  }
  const char* name = reader_.has("output.weight") ? "output.weight" : "token_embd.weight";
  if (vocabulary.empty()) {
    matrix(w_.head, {name}, hp.n_embd, hp.n_vocab);
  } else {
    matrix(w_.head, {name}, hp.n_embd, static_cast<int64_t>(vocabulary.size()), &vocabulary);
  }
}

ggml_tensor* Weights::Loader::vector(const std::vector<std::string>& names, int64_t n) {
  ggml_tensor* t = ggml_new_tensor_1d(w_.context_.get(), GGML_TYPE_F32, n);
  vectors_.push_back({t, names});
  return t;
}

void Weights::Loader::matrix(FrozenMatrix& m, const std::vector<std::string>& names, int64_t n_in,
                             int64_t n_out, const std::vector<int32_t>* rows) {
  check_shape(names, n_in, rows ? -1 : n_out);
  // a head of a few ids costs nothing in F32, and a whole one decides between near likelihoods
  const ggml_type stored = rows ? GGML_TYPE_F32 : &m == &w_.head ? tensor_type_ : options_.type;
  if (stored != GGML_TYPE_I8) {
    m.forward = ggml_new_tensor_2d(w_.context_.get(), stored, n_in, n_out);
    if (options_.backward) m.backward = ggml_new_tensor_2d(w_.context_.get(), stored, n_out, n_in);
  }
  matrices_.push_back({&m, names, n_in, n_out, rows});
}

// `n_out` of all together; -1: any.
void Weights::Loader::check_shape(const std::vector<std::string>& names, int64_t n_in,
                                  int64_t n_out) const {
  int64_t total = 0;
  for (const auto& name : names) {
    const GgufTensor& t = reader_.find(name);
    if (t.shape[0] != n_in) {
      throw Error("E_MODEL", options_.path + ": tensor \"" + name + "\" has rows of " +
                                 std::to_string(t.shape[0]) + " values, expected " +
                                 std::to_string(n_in));
    }
    total += t.shape[1];
  }
  if (n_out >= 0 && total != n_out) {
    throw Error("E_MODEL", options_.path + ": tensor \"" + names[0] +
                               "\" and its neighbours have " + std::to_string(total) +
                               " rows, expected " + std::to_string(n_out));
  }
}

void Weights::Loader::measure(ggml_backend_t backend) {
  for (const auto& [matrix, names, n_in, n_out, rows] : matrices_) {
    int64_t read_at_once = rows ? n_in : BaseReader::values_at_once(n_in, n_out);
    if (!matrix->forward) {
      w_.bytes_ += Int8Matrix(nullptr, n_in, n_out).bytes();
      if (options_.backward) w_.bytes_ += Int8Matrix(nullptr, n_out, n_in).bytes();
      read_at_once = 3 * n_in * n_out;
    }
    w_.reading_bytes_ = std::max<size_t>(w_.reading_bytes_, sizeof(float) * read_at_once);
  }
  w_.bytes_ += ggml_backend_alloc_ctx_tensors_from_buft_size(
      w_.context_.get(), ggml_backend_get_default_buffer_type(backend));
}

void Weights::Loader::hold_shapes() {
  // An address that is not looked at tells the graph's allocator that these are not its to place.
  ggml_context* context = w_.context_.get();
  for (ggml_tensor* t = ggml_get_first_tensor(context); t; t = ggml_get_next_tensor(context, t))
    t->data = &w_;
  for (const auto& [matrix, names, n_in, n_out, rows] : matrices_) {
    if (matrix->forward) continue;
    matrix->forward8 = std::make_unique<Int8Matrix>(nullptr, n_in, n_out);
    matrix->backward8 = std::make_unique<Int8Matrix>(nullptr, n_out, n_in);
  }
}

void Weights::Loader::fill(ggml_backend_t backend) {
  w_.buffer_.reset(ggml_backend_alloc_ctx_tensors(w_.context_.get(), backend));
  if (!w_.buffer_) throw Error("E_MODEL", options_.path + ": not enough memory for its weights");
  for (const auto& [tensor, names] : vectors_) {
    const std::vector<float> values = reader_.read(names);
    if (static_cast<int64_t>(values.size()) != ggml_nelements(tensor))
      throw Error("E_MODEL", options_.path + ": a norm or bias vector has an unexpected size");
    ggml_backend_tensor_set(tensor, values.data(), 0, ggml_nbytes(tensor));
  }
  fill_embedding();
  for (const MatrixSource& source : matrices_) fill(source);
}

void Weights::Loader::fill_embedding() {
  const GgufTensor& tokens = reader_.find("token_embd.weight");
  if (w_.embedding->type == tokens.type && !reader_.is_adapted(tokens)) {
    const std::vector<char> bytes = reader_.file().read_bytes(tokens);
    ggml_backend_tensor_set(w_.embedding, bytes.data(), 0, bytes.size());
  } else {
    reader_.read_rows({tokens.name}, [this](int64_t first, int64_t n, const float* values) {
      store_rows(w_.embedding, first, n, values);
    });
  }
}

void Weights::Loader::fill(const MatrixSource& source) {
  FrozenMatrix& m = *source.matrix;
  if (m.forward) {
    const auto store = [&](int64_t first, int64_t n, const float* values) {
      store_rows(m.forward, first, n, values);
      if (m.backward) store_columns(m.backward, first, n, values);
    };
    if (source.rows) {
      reader_.read_rows(source.names[0], *source.rows, store);
    } else {
      reader_.read_rows(source.names, store);
    }
    return;
  }
  const std::vector<float> values = reader_.read(source.names);
  m.forward8 = std::make_unique<Int8Matrix>(values.data(), source.n_in, source.n_out);
  if (!options_.backward) return;
  transpose(values.data(), source.n_out, source.n_in, transposed_);
  m.backward8 = std::make_unique<Int8Matrix>(transposed_.data(), source.n_out, source.n_in);
}

// `n` rows from `first` on of a matrix that a tensor holds.
void Weights::Loader::store_rows(ggml_tensor* t, int64_t first, int64_t n, const float* values) {
  packed_.resize(n * t->nb[1]);
  ggml_quantize_chunk(t->type, values, packed_.data(), 0, n, t->ne[0], nullptr);
  ggml_backend_tensor_set(t, packed_.data(), first * t->nb[1], packed_.size());
}

// The same of its transpose: t [n_out, n_in].
void Weights::Loader::store_columns(ggml_tensor* t, int64_t first, int64_t n, const float* values) {
  const int64_t n_in = t->ne[1];
  const size_t size = ggml_type_size(t->type);
  transpose(values, n, n_in, transposed_);
  packed_.resize(n * n_in * size);
  ggml_quantize_chunk(t->type, transposed_.data(), packed_.data(), 0, n_in, n, nullptr);
  ggml_backend_tensor_set_2d(t, packed_.data(), first * size, n * size, n_in, t->nb[1], n * size);
}

Weights::Weights(const WeightsOptions& options, ggml_backend_t backend) {
  Loader loader(*this, options);
  loader.declare();
  loader.measure(backend);
  if (options.measured) {
    loader.hold_shapes();
  } else {
    loader.fill(backend);
    give_back_memory();
  }
}

}  // namespace harmonic
