#include "engine/adapter.h"

#include <cmath>
#include <cstdio>
#include <random>
#include <set>

#include "engine/error.h"
#include "engine/low-rank.h"
#include "gguf.h"

namespace harmonic {
namespace {

const std::set<std::string> kTargets = {"q", "k", "v", "o", "gate", "up", "down"};

}  // namespace

Adapter::Adapter(const Hyperparameters& hp, const AdapterOptions& options, ggml_backend_t backend)
    : dropout(options.dropout),
      architecture_(hp.architecture),
      n_heads_(hp.n_heads),
      n_heads_kv_(hp.n_heads_kv),
      alpha_(options.alpha) {
  if (options.rank < 1 || options.rank > 1024) {
    throw Error("E_USAGE", "expected a number from 1 to 1024 for `rank` but received " +
                               std::to_string(options.rank));
  }
  std::set<std::string> targets(options.targets.begin(), options.targets.end());
  for (const auto& t : targets) {
    if (!kTargets.count(t)) {
      throw Error("E_USAGE", "unknown LoRA target \"" + t + "\"",
                  "choose from q, k, v, o, gate, up, down");
    }
  }
  if (targets.empty()) throw Error("E_USAGE", "expected at least one LoRA target for `targets`");

  layers.resize(hp.n_layers);
  context_ = ggml_init({ggml_tensor_overhead() * (hp.n_layers * 24 + 4), nullptr, true});
  uint64_t n_sites = 0;
  const auto group =
      [&](LoraGroup& g, int n_in,
          const std::vector<std::tuple<std::string, std::string, int, int>>& candidates) {
        g.n_in = n_in;
        g.rank = options.rank;
        g.scale = options.alpha / options.rank;
        if (dropout.on()) g.site = {&dropout, n_sites};
        n_sites++;
        for (const auto& [target, weight, offset, n_out] : candidates) {
          g.n_out += n_out;
          if (!targets.count(target)) continue;
          LoraMember m;
          m.weight = weight;
          m.out_offset = offset;
          m.n_out = n_out;
          m.b = ggml_new_tensor_2d(context_, GGML_TYPE_F32, g.rank, n_out);
          m.b_grad = ggml_new_tensor_2d(context_, GGML_TYPE_F32, g.rank, n_out);
          g.members.push_back(m);
        }
        if (g.empty()) return;
        const int64_t rows = static_cast<int64_t>(g.rank) * g.members.size();
        g.a = ggml_new_tensor_2d(context_, GGML_TYPE_F32, n_in, rows);
        g.a_grad = ggml_new_tensor_2d(context_, GGML_TYPE_F32, n_in, rows);
      };
  for (int i = 0; i < hp.n_layers; i++) {
    const std::string p = "blk." + std::to_string(i) + ".";
    const int q = hp.q_dim(), kv = hp.kv_dim();
    group(layers[i].qkv, hp.n_embd,
          {{"q", p + "attn_q.weight", 0, q},
           {"k", p + "attn_k.weight", q, kv},
           {"v", p + "attn_v.weight", q + kv, kv}});
    group(layers[i].output, q, {{"o", p + "attn_output.weight", 0, hp.n_embd}});
    group(layers[i].gate_up, hp.n_embd,
          {{"gate", p + "ffn_gate.weight", 0, hp.n_ff},
           {"up", p + "ffn_up.weight", hp.n_ff, hp.n_ff}});
    group(layers[i].down, hp.n_ff, {{"down", p + "ffn_down.weight", 0, hp.n_embd}});
  }
  if (options.measured) {
    for (ggml_tensor* t = ggml_get_first_tensor(context_); t;
         t = ggml_get_next_tensor(context_, t)) {
      t->data = this;
    }
    return;
  }
  buffer_ = ggml_backend_alloc_ctx_tensors(context_, backend);
  if (!buffer_) throw Error("E_MODEL", "not enough memory for the adapter");
  ggml_backend_buffer_clear(buffer_, 0);

  // As PEFT initialises: A uniform within 1 / sqrt(n_in) (Kaiming with a = sqrt 5), B zero.
  std::mt19937_64 random(options.seed);
  for (auto& l : layers) {
    for (LoraGroup* g : {&l.qkv, &l.output, &l.gate_up, &l.down}) {
      if (g->empty()) continue;
      const float bound = 1.0f / std::sqrt(static_cast<float>(g->n_in));
      float* a = static_cast<float*>(g->a->data);
      for (int64_t j = 0; j < ggml_nelements(g->a); j++) {
        const double u = static_cast<double>(random() >> 11) * 0x1.0p-53;
        a[j] = static_cast<float>((2 * u - 1) * bound);
      }
    }
  }
  parameters_ = Parameters(describe());
}

Adapter::~Adapter() {
  ggml_backend_buffer_free(buffer_);
  ggml_free(context_);
}

std::vector<Parameter> Adapter::describe() const {
  std::vector<Parameter> out;
  for (const auto& l : layers) {
    for (const LoraGroup* g : {&l.qkv, &l.output, &l.gate_up, &l.down}) {
      const size_t n_a = static_cast<size_t>(g->rank) * g->n_in;
      for (size_t i = 0; i < g->members.size(); i++) {
        const LoraMember& m = g->members[i];
        out.push_back({m.weight + kLoraA, static_cast<float*>(g->a->data) + i * n_a,
                       static_cast<float*>(g->a_grad->data) + i * n_a, n_a});
        out.push_back({m.weight + kLoraB, static_cast<float*>(m.b->data),
                       static_cast<float*>(m.b_grad->data),
                       static_cast<size_t>(ggml_nelements(m.b))});
      }
    }
  }
  return out;
}

size_t Adapter::n_parameters() const {
  size_t n = 0;
  for (const Parameter& p : describe()) n += p.n;
  return n;
}

void Adapter::save(const std::string& path,
                   const std::map<std::string, std::string>& metadata) const {
  gguf_context* g = gguf_init_empty();
  gguf_set_val_str(g, "general.type", "adapter");
  gguf_set_val_str(g, "general.architecture", architecture_.c_str());
  gguf_set_val_str(g, "adapter.type", "lora");
  gguf_set_val_f32(g, "adapter.lora.alpha", alpha_);
  // The order of the rows of q and k depends on the heads: an export to PEFT needs them.
  gguf_set_val_str(g, "harmonic.n_heads", std::to_string(n_heads_).c_str());
  gguf_set_val_str(g, "harmonic.n_heads_kv", std::to_string(n_heads_kv_).c_str());
  for (const auto& [key, value] : metadata)
    gguf_set_val_str(g, ("harmonic." + key).c_str(), value.c_str());

  const auto& all = parameters();
  ggml_context* c = ggml_init({ggml_tensor_overhead() * (all.size() + 1), nullptr, true});
  size_t k = 0;
  for (const auto& l : layers) {
    for (const LoraGroup* group : {&l.qkv, &l.output, &l.gate_up, &l.down}) {
      for (const LoraMember& m : group->members) {
        ggml_tensor* a = ggml_new_tensor_2d(c, GGML_TYPE_F32, group->n_in, group->rank);
        ggml_tensor* b = ggml_new_tensor_2d(c, GGML_TYPE_F32, group->rank, m.n_out);
        for (ggml_tensor* t : {a, b}) {
          ggml_set_name(t, all[k].name.c_str());
          t->data = all[k].value;
          gguf_add_tensor(g, t);
          k++;
        }
      }
    }
  }
  const std::string temporary = path + ".partial";
  const bool written = gguf_write_to_file(g, temporary.c_str(), false);
  ggml_free(c);
  gguf_free(g);
  if (!written || std::rename(temporary.c_str(), path.c_str()) != 0) {
    std::remove(temporary.c_str());
    throw Error("E_IO", path + ": the adapter could not be written",
                "check the free space and the permissions");
  }
}

}  // namespace harmonic
