#include "test/naive-model.h"

#include <cmath>

namespace harmonic::test {

NaiveModel::NaiveModel(const std::string& path, const Adapter& adapter, double scale)
    : adapter_(adapter), scale_(scale) {
  const GgufFile file(path, "base model");
  hp_ = read_hyperparameters(file);
  for (const GgufTensor& t : file.tensors()) tensors_[t.name] = file.read(t);
}

NaiveModel::Vector NaiveModel::project(const std::string& name, const Vector& x) const {
  const std::vector<float>& w = tensor(name + ".weight");
  Vector y(w.size() / x.size());
  for (size_t o = 0; o < y.size(); o++) {
    for (size_t i = 0; i < x.size(); i++) y[o] += w[o * x.size() + i] * x[i];
  }
  const auto bias = tensors_.find(name + ".bias");
  if (bias != tensors_.end()) {
    for (size_t o = 0; o < y.size(); o++) y[o] += bias->second[o];
  }
  const Parameter *a = nullptr, *b = nullptr;
  const auto& all = adapter_.parameters();
  for (const auto& p : all) {
    if (p.name == name + ".weight.lora_a") a = &p;
    if (p.name == name + ".weight.lora_b") b = &p;
  }
  if (a == nullptr || b == nullptr) return y;
  const size_t rank = a->n / x.size();
  for (size_t r = 0; r < rank; r++) {
    double z = 0;
    for (size_t i = 0; i < x.size(); i++) z += a->value[r * x.size() + i] * x[i];
    for (size_t o = 0; o < y.size(); o++) y[o] += scale_ * b->value[o * rank + r] * z;
  }
  return y;
}

NaiveModel::Vector NaiveModel::norm(const Vector& x, const std::string& gain) const {
  double square = 0;
  for (double v : x) square += v * v;
  const double inverse = 1 / std::sqrt(square / x.size() + hp_.norm_epsilon);
  Vector y(x.size());
  for (size_t i = 0; i < x.size(); i++) y[i] = x[i] * inverse * tensor(gain)[i];
  return y;
}

void NaiveModel::rotate(double* head, int position) const {
  const int half = hp_.head_dim / 2;
  for (int i = 0; i < half; i++) {
    const double angle = position * std::pow(hp_.rope_base, -2.0 * i / hp_.head_dim);
    double& a = hp_.rope_neox ? head[i] : head[2 * i];
    double& b = hp_.rope_neox ? head[i + half] : head[2 * i + 1];
    const double x = a, y = b;
    a = x * std::cos(angle) - y * std::sin(angle);
    b = x * std::sin(angle) + y * std::cos(angle);
  }
}

std::vector<NaiveModel::Vector> NaiveModel::attend(const std::vector<Vector>& in,
                                                   const std::string& block) const {
  const int n = static_cast<int>(in.size()), hd = hp_.head_dim;
  std::vector<Vector> q, k, v, out;
  // Queries or keys of a position: each head normed where the model does that, then turned.
  const auto turned = [&](Vector x, const std::string& gain, int position) {
    for (size_t h = 0; h < x.size() / hd; h++) {
      if (tensors_.count(gain)) {
        const Vector normed = norm(Vector(x.begin() + h * hd, x.begin() + (h + 1) * hd), gain);
        std::copy(normed.begin(), normed.end(), x.begin() + h * hd);
      }
      rotate(x.data() + h * hd, position);
    }
    return x;
  };
  for (int t = 0; t < n; t++) {
    q.push_back(turned(project(block + "attn_q", in[t]), block + "attn_q_norm.weight", t));
    k.push_back(turned(project(block + "attn_k", in[t]), block + "attn_k_norm.weight", t));
    v.push_back(project(block + "attn_v", in[t]));
    Vector heads(hp_.q_dim());
    for (int h = 0; h < hp_.n_heads; h++) {
      const int kv = h / (hp_.n_heads / hp_.n_heads_kv);
      Vector weights(t + 1);
      double sum = 0;
      for (int s = 0; s <= t; s++) {
        double score = 0;
        for (int i = 0; i < hd; i++) score += q[t][h * hd + i] * k[s][kv * hd + i];
        sum += weights[s] = std::exp(score / std::sqrt(hd));
      }
      for (int s = 0; s <= t; s++) {
        for (int i = 0; i < hd; i++) heads[h * hd + i] += weights[s] / sum * v[s][kv * hd + i];
      }
    }
    out.push_back(project(block + "attn_output", heads));
  }
  return out;
}

std::vector<NaiveModel::Vector> NaiveModel::hidden(const int32_t* tokens, int n) const {
  std::vector<Vector> x;
  for (int t = 0; t < n; t++) {
    const float* row = tensor("token_embd.weight").data() + tokens[t] * hp_.n_embd;
    x.emplace_back(row, row + hp_.n_embd);
  }
  for (int layer = 0; layer < hp_.n_layers; layer++) {
    const std::string block = "blk." + std::to_string(layer) + ".";
    std::vector<Vector> in;
    for (const Vector& v : x) in.push_back(norm(v, block + "attn_norm.weight"));
    const std::vector<Vector> attended = attend(in, block);
    for (int t = 0; t < n; t++) {
      for (int i = 0; i < hp_.n_embd; i++) x[t][i] += attended[t][i];
      const Vector normed = norm(x[t], block + "ffn_norm.weight");
      Vector gate = project(block + "ffn_gate", normed);
      const Vector up = project(block + "ffn_up", normed);
      for (size_t i = 0; i < gate.size(); i++) gate[i] *= up[i] / (1 + std::exp(-gate[i]));
      const Vector down = project(block + "ffn_down", gate);
      for (int i = 0; i < hp_.n_embd; i++) x[t][i] += down[i];
    }
  }
  for (Vector& v : x) v = norm(v, "output_norm.weight");
  return x;
}

std::vector<double> NaiveModel::losses(const TrainBatch& b, const std::vector<int32_t>& vocabulary,
                                       const std::vector<uint8_t>& allowed_sets) const {
  const std::string head = tensors_.count("output.weight") ? "output" : "token_embd";
  std::vector<Vector> all;
  for (size_t g = 0; g + 1 < b.group_offsets.size(); g++) {
    const int first = b.group_offsets[g];
    for (Vector& v : hidden(b.tokens.data() + first, b.group_offsets[g + 1] - first)) {
      all.push_back(std::move(v));
    }
  }
  std::vector<double> losses;
  for (size_t r = 0; r < b.loss_positions.size(); r++) {
    const Vector logits = project(head, all[b.loss_positions[r]]);
    const size_t n = vocabulary.empty() ? logits.size() : vocabulary.size();
    const auto logit = [&](size_t i) { return logits[vocabulary.empty() ? i : vocabulary[i]]; };
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
      if (allowed_sets.empty() || allowed_sets[b.sets[r] * n + i]) sum += std::exp(logit(i));
    }
    losses.push_back(std::log(sum) - logit(b.labels[r]));
  }
  return losses;
}

}  // namespace harmonic::test
