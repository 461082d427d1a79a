#include "engine/device-model.h"

#include "engine/error.h"

namespace harmonic {
namespace {

/** Of F32 models that are held as they are. */
constexpr int64_t kMostExactParameters = 20'000'000;

bool is_small_f32(const GgufFile& file) {
  const GgufTensor* matrix = file.find("blk.0.ffn_down.weight");
  if (matrix == nullptr || matrix->type != GGML_TYPE_F32) return false;
  int64_t n = 0;
  for (const GgufTensor& tensor : file.tensors()) n += tensor.n_elements();
  return n <= kMostExactParameters;
}

/** BF16, whose products CUDA adds up in 32 bits and F16's in 16; F16 where a backend lacks it. */
ggml_type matrix_type(const DeviceBackend& backend) {
  const std::unique_ptr<ggml_context, void (*)(ggml_context*)> context(
      ggml_init({ggml_tensor_overhead() * 4, nullptr, true}), ggml_free);
  ggml_context* c = context.get();
  ggml_tensor* product = ggml_mul_mat(c, ggml_new_tensor_2d(c, GGML_TYPE_BF16, 64, 64),
                                      ggml_new_tensor_2d(c, GGML_TYPE_F32, 64, 64));
  return ggml_backend_supports_op(backend.get(), product) ? GGML_TYPE_BF16 : GGML_TYPE_F16;
}

}  // namespace

DeviceModel::DeviceModel(const std::string& base, const std::string& adapter,
                         const std::string& device, int layers)
    : device_(device), backend_(device, 1, [] { return false; }), store_(2) {
  const GgufFile file(base, "base model");
  is_exact_ = is_small_f32(file);
  WeightsOptions options;
  options.path = base;
  options.adapter = adapter;
  options.layers = layers;
  options.type = is_exact_ ? GGML_TYPE_F32 : matrix_type(backend_);
  options.measured = true;
  backend_.expect_memory(Weights(options, backend_.get()).bytes(), "the base's weights");
  options.measured = false;
  weights_ = std::make_unique<Weights>(options, backend_.get());

  std::vector<float> divisors, embeddings;
  // ggml divides by what these are the reciprocals of
  for (const float f : weights_->rope_factors) divisors.push_back(1.0f / f);
  if (!divisors.empty())
    divisors_ = store_.add(GGML_TYPE_F32, static_cast<int64_t>(divisors.size()));
  columns_ = NextColumns::read(file);
  const int64_t width = weights_->hp.n_embd;
  if (columns_.n > 0) {
    embeddings = NextColumns::read_embeddings(file);
    column_embeddings_ = store_.add(GGML_TYPE_F32, width, columns_.n + 1);
  }
  store_.allocate(backend_, "the base's weights");
  if (divisors_) ggml_backend_tensor_set(divisors_, divisors.data(), 0, ggml_nbytes(divisors_));
  if (column_embeddings_) {
    ggml_backend_tensor_set(column_embeddings_, embeddings.data(), 0,
                            embeddings.size() * sizeof(float));
  }
}

}  // namespace harmonic
