#include "engine/dense-model.h"

#include <algorithm>

#include "engine/error.h"

namespace harmonic {
namespace {

// Parts begin at cache lines.
constexpr size_t kAlignment = 16;

}  // namespace

DenseModel::DenseModel(const GgufFile& file, const DenseTables& tables)
    : hp(read_hyperparameters(file)) {
  size_t end = 0;
  // Lays tensors one after another, without gaps between those of one call.
  const auto add = [&](const std::vector<std::string>& names, int64_t n_in, int64_t n_out) {
    end = (end + kAlignment - 1) / kAlignment * kAlignment;
    const size_t at = end;
    int64_t total = 0;
    for (const std::string& name : names) {
      const GgufTensor* t = file.find(name);
      if (!t) throw Error("E_MODEL", file.path() + ": has no tensor \"" + name + "\"");
      if (t->shape[0] != n_in && n_out != 1) {
        throw Error("E_MODEL", file.path() + ": tensor \"" + name + "\" has rows of " +
                                   std::to_string(t->shape[0]) + " values, expected " +
                                   std::to_string(n_in));
      }
      tensors.push_back({name, end, t->shape[0], t->shape[1]});
      end += tensors.back().size();
      total += t->n_elements();
    }
    if (total != n_in * n_out) {
      throw Error("E_MODEL", file.path() + ": tensor \"" + names[0] +
                                 "\" and its neighbours have " + std::to_string(total) +
                                 " values, expected " + std::to_string(n_in * n_out));
    }
    return at;
  };
  const GgufTensor* tokens = file.find("token_embd.weight");
  if (!tokens) throw Error("E_MODEL", file.path() + ": has no tensor \"token_embd.weight\"");
  hp.n_vocab = static_cast<int>(tokens->shape[1]);
  embedding = add({"token_embd.weight"}, hp.n_embd, hp.n_vocab);
  for (int i = 0; i < hp.n_layers; i++) {
    const std::string p = "blk." + std::to_string(i) + ".";
    DenseLayer l;
    l.attention_norm = add({p + "attn_norm.weight"}, hp.n_embd, 1);
    l.qkv = add({p + "attn_q.weight", p + "attn_k.weight", p + "attn_v.weight"}, hp.n_embd,
                hp.qkv_dim());
    if (file.find(p + "attn_q.bias")) {
      l.qkv_bias = add({p + "attn_q.bias", p + "attn_k.bias", p + "attn_v.bias"}, hp.qkv_dim(), 1);
    }
    if (file.find(p + "attn_q_norm.weight")) {
      l.q_norm = add({p + "attn_q_norm.weight"}, hp.head_dim, 1);
      l.k_norm = add({p + "attn_k_norm.weight"}, hp.head_dim, 1);
    }
    l.output = add({p + "attn_output.weight"}, hp.q_dim(), hp.n_embd);
    l.ffn_norm = add({p + "ffn_norm.weight"}, hp.n_embd, 1);
    l.gate_up = add({p + "ffn_gate.weight", p + "ffn_up.weight"}, hp.n_embd, 2 * hp.n_ff);
    l.down = add({p + "ffn_down.weight"}, hp.n_ff, hp.n_embd);
    layers.push_back(l);
  }
  output_norm = add({"output_norm.weight"}, hp.n_embd, 1);
  head = file.find("output.weight") ? add({"output.weight"}, hp.n_embd, hp.n_vocab) : embedding;
  const auto add_table = [&](const std::string& name, int64_t rows) {
    end = (end + kAlignment - 1) / kAlignment * kAlignment;
    const size_t at = end;
    tensors.push_back({name, at, hp.n_embd, rows});
    end += tensors.back().size();
    return at;
  };
  const size_t n_read = tensors.size();
  if (tables.n_columns > 0) columns = add_table("columns", tables.n_columns);
  if (tables.n_features > 0) {
    features_in = add_table("features_in", tables.n_features);
    features_out = add_table("features_out", tables.n_features);
  }

  values.resize(end);
  for (size_t i = 0; i < n_read; i++) {
    const DenseTensor& t = tensors[i];
    const std::vector<float> read = file.read(*file.find(t.name));
    std::copy(read.begin(), read.end(), values.begin() + t.at);
  }
  if (const GgufTensor* factors = file.find("rope_freqs.weight")) {
    for (float f : file.read(*factors)) rope_factors.push_back(1.0f / f);
  }
}

}  // namespace harmonic
