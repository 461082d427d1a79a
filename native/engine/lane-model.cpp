#include "engine/lane-model.h"

#include "engine/error.h"

namespace harmonic {

LaneModel::LaneModel(const std::string& path) {
  const GgufFile file(path, "base model");
  const DenseModel model(file);
  hp = model.hp;
  rope_factors = model.rope_factors;
  const auto vector = [&](size_t at, size_t n) {
    if (at == DenseLayer::kAbsent) return std::vector<float>();
    return std::vector<float>(model.values.begin() + at, model.values.begin() + at + n);
  };
  const auto matrix = [&](size_t at, int n_in, int n_out) {
    return LaneMatrix(model.values.data() + at, n_in, n_out, half_products_pay());
  };
  const int width = hp.n_embd;
  for (const DenseLayer& l : model.layers) {
    LaneLayer layer;
    layer.attention_norm = vector(l.attention_norm, width);
    if (l.qkv_bias != DenseLayer::kAbsent) {
      layer.q_bias = vector(l.qkv_bias, hp.q_dim());
      layer.k_bias = vector(l.qkv_bias + hp.q_dim(), hp.kv_dim());
      layer.v_bias = vector(l.qkv_bias + hp.q_dim() + hp.kv_dim(), hp.kv_dim());
    }
    layer.q_norm = vector(l.q_norm, hp.head_dim);
    layer.k_norm = vector(l.k_norm, hp.head_dim);
    layer.ffn_norm = vector(l.ffn_norm, width);
    const size_t k = l.qkv + static_cast<size_t>(hp.q_dim()) * width;
    layer.q = matrix(l.qkv, width, hp.q_dim());
    layer.k = matrix(k, width, hp.kv_dim());
    layer.v = matrix(k + static_cast<size_t>(hp.kv_dim()) * width, width, hp.kv_dim());
    layer.output = matrix(l.output, hp.q_dim(), width);
    layer.gate_up = matrix(l.gate_up, width, 2 * hp.n_ff);
    layer.down = matrix(l.down, hp.n_ff, width);
    layers.push_back(std::move(layer));
  }
  output_norm = vector(model.output_norm, width);
  const size_t n_rows = static_cast<size_t>(hp.n_vocab) * width;
  embedding_ = vector(model.embedding, n_rows);
  if (model.head != model.embedding) head_ = vector(model.head, n_rows);
  columns_ = NextColumns::read(file);
  if (columns_.n > 0) column_embeddings_ = NextColumns::read_embeddings(file);
}

LaneMatrix LaneModel::head(const std::vector<int32_t>& ids) const {
  const std::vector<float>& all = head_.empty() ? embedding_ : head_;
  if (ids.empty()) return LaneMatrix(all.data(), hp.n_embd, hp.n_vocab);
  std::vector<float> rows;
  for (const int32_t id : ids) {
    if (id < 0 || id >= hp.n_vocab)
      throw Error("E_MODEL", "the base model has no token " + std::to_string(id));
    const auto begin = all.begin() + static_cast<int64_t>(id) * hp.n_embd;
    rows.insert(rows.end(), begin, begin + hp.n_embd);
  }
  return LaneMatrix(rows.data(), hp.n_embd, static_cast<int>(ids.size()));
}

void LaneModel::embed(int32_t id, int32_t column, int lane, float* x) const {
  const int width = hp.n_embd;
  const float* row = embedding_.data() + static_cast<int64_t>(id) * width;
  for (int i = 0; i < width; i++) x[static_cast<size_t>(i) * kLanes + lane] = row[i];
  if (column < 0 || column >= columns_.n) return;
  const int32_t folded = columns_.of[id];
  if (folded == column) return;
  const float* embeddings = column_embeddings_.data();
  for (int i = 0; i < width; i++) {
    const float known = folded < 0 ? 0.0f : embeddings[static_cast<int64_t>(folded) * width + i];
    x[static_cast<size_t>(i) * kLanes + lane] +=
        embeddings[static_cast<int64_t>(column) * width + i] - known;
  }
}

}  // namespace harmonic
