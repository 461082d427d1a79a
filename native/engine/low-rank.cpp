#include "engine/low-rank.h"

#include <utility>

namespace harmonic {
namespace {

/** (rows, columns) as (columns, rows). */
std::vector<float> transposed(const std::vector<float>& values, int64_t rows, int64_t columns) {
  std::vector<float> out(values.size());
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < columns; j++) out[j * rows + i] = values[i * columns + j];
  }
  return out;
}

}  // namespace

std::string adapted_matrix(const std::string& tensor) {
  for (const std::string suffix : {kLoraA, kLoraB}) {
    if (tensor.size() <= suffix.size()) continue;
    const size_t length = tensor.size() - suffix.size();
    if (tensor.compare(length, suffix.size(), suffix) == 0) return tensor.substr(0, length);
  }
  return "";
}

std::optional<LowRank> LowRank::find(const GgufFile& adapter, const GgufTensor& weight) {
  const GgufTensor* a = adapter.find(weight.name + kLoraA);
  const GgufTensor* b = adapter.find(weight.name + kLoraB);
  if (a == nullptr || b == nullptr) return std::nullopt;
  LowRank product;
  product.rank_ = b->shape[0];
  product.n_in_ = weight.shape[0];
  const float alpha = adapter.real("adapter.lora.alpha");
  // As llama.cpp has it: no alpha, no scale.
  product.scale_ = alpha == 0 ? 1 : alpha / static_cast<float>(product.rank_);
  product.a_ = adapter.read(*a);
  product.b_ = adapter.read(*b);
  if (weight.name == "token_embd.weight") {
    // Its rows are looked up, not multiplied: A is (n_out, rank) and B (n_in, rank) there.
    std::swap(product.a_, product.b_);
    product.a_ = transposed(product.a_, product.n_in_, product.rank_);
  }
  return product;
}

void LowRank::add(float* rows, int64_t first, int64_t n) const {
  for (int64_t i = 0; i < n; i++) {
    float* row = rows + i * n_in_;
    for (int64_t r = 0; r < rank_; r++) {
      const float factor = scale_ * b_[(first + i) * rank_ + r];
      const float* direction = a_.data() + r * n_in_;
      for (int64_t j = 0; j < n_in_; j++) row[j] += factor * direction[j];
    }
  }
}

}  // namespace harmonic
