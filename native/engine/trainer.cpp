#include "engine/trainer.h"

#include <algorithm>
#include <utility>

#include "engine/error.h"
#include "ggml-alloc.h"

namespace harmonic {
namespace {

// Floats of logits computed at a time: positions under loss go through the head in chunks of this
// size.
constexpr int64_t kHeadChunkFloats = 8 << 20;

// What one block's forward pass leaves for its backward pass; [rows, N] each. Norms and gates are
// computed again: they cost little and are a third of it.
struct BlockActivations {
  ggml_tensor *x, *qkv, *qkv_z, *attended, *output_z;
  ggml_tensor *middle, *gate_up, *gate_up_z, *down_z;
};

// Builds the graph of one micro-batch: x is [n_embd, N], columns are tokens. Dropout is for
// training passes.
class GraphBuilder {
 public:
  GraphBuilder(ggml_context* c, ggml_cgraph* graph, Weights& weights, Adapter& adapter,
               TrainOps& ops, bool training)
      : c_(c), graph_(graph), w_(weights), adapter_(adapter), ops_(ops), training_(training) {}

  ggml_tensor* norm(ggml_tensor* x, ggml_tensor* gain) {
    return ggml_mul(c_, ggml_rms_norm(c_, x, w_.hp.norm_epsilon), gain);
  }

  ggml_tensor* norm_back(ggml_tensor* grad, ggml_tensor* x, ggml_tensor* gain) {
    return ggml_rms_norm_back(c_, ggml_mul(c_, grad, gain), x, w_.hp.norm_epsilon);
  }

  // y = W x (+ bias) + scale B A x; leaves z = A x.
  ggml_tensor* project(const FrozenMatrix& m, ggml_tensor* bias, LoraGroup& lora, ggml_tensor* x,
                       ggml_tensor** z) {
    ggml_tensor* y = m.multiply(c_, x);
    if (bias) y = ggml_add(c_, y, bias);
    *z = nullptr;
    if (lora.empty()) return y;
    *z = ggml_mul_mat(c_, ops_.lora_in(&lora), dropped(x, lora));
    return ops_.lora_forward(y, *z, &lora);
  }

  // The gradient of x, given that of y; adds the gradients of A and B.
  ggml_tensor* project_back(const FrozenMatrix& m, LoraGroup& lora, ggml_tensor* dy, ggml_tensor* x,
                            ggml_tensor* z) {
    ggml_tensor* dx = m.multiply_transposed(c_, dy);
    if (lora.empty()) return dx;
    return ops_.lora_back(dx, dy, dropped(x, lora), z, &lora);
  }

  ggml_tensor* block(int i, ggml_tensor* x, BlockActivations& a) {
    const LayerWeights& l = w_.layers[i];
    LayerAdapter& lora = adapter_.layers[i];
    a.x = x;
    a.qkv = project(l.qkv, l.qkv_bias, lora.qkv, norm(x, l.attention_norm), &a.qkv_z);
    a.attended = ops_.attention(a.qkv, l);
    a.middle = ggml_add(c_, x, project(l.output, nullptr, lora.output, a.attended, &a.output_z));
    ggml_tensor* ffn_in = norm(a.middle, l.ffn_norm);
    a.gate_up = project(l.gate_up, nullptr, lora.gate_up, ffn_in, &a.gate_up_z);
    ggml_tensor* hidden = ggml_swiglu(c_, a.gate_up);
    return ggml_add(c_, a.middle, project(l.down, nullptr, lora.down, hidden, &a.down_z));
  }

  // The gradient of the block's input, or null where nothing below wants it.
  ggml_tensor* block_back(int i, ggml_tensor* dx, const BlockActivations& a) {
    const LayerWeights& l = w_.layers[i];
    LayerAdapter& lora = adapter_.layers[i];
    ggml_tensor* hidden = ggml_swiglu(c_, a.gate_up);
    ggml_tensor* d_hidden = project_back(l.down, lora.down, dx, hidden, a.down_z);
    ggml_tensor* d_gate_up = ops_.swiglu_back(a.gate_up, d_hidden);
    ggml_tensor* ffn_in = norm(a.middle, l.ffn_norm);
    ggml_tensor* d_ffn_in = project_back(l.gate_up, lora.gate_up, d_gate_up, ffn_in, a.gate_up_z);
    dx = ggml_add(c_, dx, norm_back(d_ffn_in, a.middle, l.ffn_norm));
    ggml_tensor* d_attended = project_back(l.output, lora.output, dx, a.attended, a.output_z);
    ggml_tensor* d_qkv = ops_.attention_back(a.qkv, d_attended, l);
    ggml_tensor* attention_in = norm(a.x, l.attention_norm);
    if (i > 0) {
      ggml_tensor* d_in = project_back(l.qkv, lora.qkv, d_qkv, attention_in, a.qkv_z);
      return ggml_add(c_, dx, norm_back(d_in, a.x, l.attention_norm));
    }
    if (!lora.qkv.empty()) {
      ops_.lora_back(nullptr, d_qkv, dropped(attention_in, lora.qkv), a.qkv_z, &lora.qkv);
    } else {
      keep(d_attended);
    }
    return nullptr;
  }

  void keep(ggml_tensor* t) { ggml_build_forward_expand(graph_, t); }

 private:
  // What A sees of x.
  ggml_tensor* dropped(ggml_tensor* x, const LoraGroup& lora) {
    return training_ && lora.site.dropout ? drop(c_, x, &lora.site) : x;
  }

  ggml_context* c_;
  ggml_cgraph* graph_;
  Weights& w_;
  Adapter& adapter_;
  TrainOps& ops_;
  bool training_;
};

ggml_tensor* input(ggml_context* c, int64_t n) {
  ggml_tensor* t = ggml_new_tensor_1d(c, GGML_TYPE_I32, n);
  ggml_set_input(t);
  return t;
}

}  // namespace

Trainer::Trainer(const TrainerOptions& options)
    : options_(options), cpu_(options.threads, [this] { return aborted_.load(); }) {
  if (!options.allowed_sets.empty() &&
      options.allowed_sets.size() % options.vocabulary.size() != 0) {
    throw Error("E_USAGE", "expected `allowedSets` to hold whole rows of `vocabulary`");
  }
  if (!options.device.empty()) {
    if (options.weights == GGML_TYPE_I8) {
      throw Error("E_USAGE",
                  "expected bf16, f16 or f32 for `weights` on the device " + options.device +
                      " but received int8, which the CPU alone multiplies",
                  "leave the weights out");
    }
    device_ = std::make_unique<DeviceRunner>(options.device, cpu_.backend());
  }
  WeightsOptions weights;
  weights.path = options.path;
  weights.adapter = options.merged;
  weights.type = options.weights;
  weights.vocabulary = options.vocabulary;
  weights.backward = true;
  weights.layers = options.layers;
  weights.measured = options.measured;
  weights_ = std::make_unique<Weights>(weights, device_ ? device_->backend() : cpu_.backend());
  AdapterOptions adapter = options.adapter;
  adapter.measured = options.measured;
  adapter_ = std::make_unique<Adapter>(weights_->hp, adapter, cpu_.backend());
  if (device_) {
    device_->hold(*adapter_, options.measured);
    device_->allow(options_.allowed_sets, n_head_ids(), options.measured);
  }
  attention_ = std::make_unique<GroupAttention>(GroupAttention{AttentionShape(*weights_), {}});
  if (device_ && !options.measured) device_->look_at(build({1, 16, 16}, true).graph);
  allocator_ = ggml_gallocr_new(ggml_backend_get_default_buffer_type(cpu_.backend()));
}

Trainer::~Trainer() { ggml_gallocr_free(allocator_); }

void Trainer::check(const TrainBatch& batch, bool backward) const {
  if (!batch.target_offsets.empty()) {
    throw Error("E_USAGE", "an adapter is not trained on spread targets");
  }
  const size_t n_vocab = weights_->hp.n_vocab, n_labels = n_head_ids();
  check_batch(batch, {n_vocab, n_labels, options_.allowed_sets},
              backward && adapter_->dropout.on());
}

Trainer::Pass Trainer::build(const BatchShape& shape, bool backward) {
  Pass pass{shape, backward};
  const int64_t n = shape.n_tokens(), n_loss = shape.n_loss;
  const Hyperparameters& hp = weights_->hp;
  const int64_t n_head = n_head_ids();
  const int64_t chunk = std::clamp<int64_t>(kHeadChunkFloats / n_head, 1, n_loss);
  pass.chunk = chunk;
  const size_t n_nodes =
      256 + (device_ ? DeviceRunner::kNodesPerLayer : 96) * static_cast<size_t>(hp.n_layers) +
      32 * ((n_loss + chunk - 1) / chunk);
  const size_t bytes =
      ggml_tensor_overhead() * n_nodes * 2 + ggml_graph_overhead_custom(n_nodes, false);
  pass.context.reset(ggml_init({bytes, nullptr, true}));
  ggml_context* c = pass.context.get();
  pass.graph = ggml_new_graph_custom(c, n_nodes, false);
  if (device_) {
    pass.ops = device_->ops(c, pass.graph, *weights_, shape);
  } else {
    pass.ops = std::make_unique<CpuOps>(c, pass.graph, attention_.get());
  }
  GraphBuilder build(c, pass.graph, *weights_, *adapter_, *pass.ops, backward);

  pass.tokens = input(c, n);
  pass.positions = input(c, n_loss);
  std::vector<BlockActivations> blocks(hp.n_layers);
  ggml_tensor* x = ggml_get_rows(c, weights_->embedding, pass.tokens);
  for (int i = 0; i < hp.n_layers; i++) x = build.block(i, x, blocks[i]);

  // The head sees the positions under loss alone.
  ggml_tensor* last = ggml_get_rows(c, x, pass.positions);
  ggml_tensor* normed = build.norm(last, weights_->output_norm);
  pass.losses.resize(n_loss);
  pass.tasks.reserve((n_loss + chunk - 1) / chunk);
  ggml_tensor* d_normed = nullptr;
  for (int64_t first = 0; first < n_loss; first += chunk) {
    const int64_t count = std::min(chunk, n_loss - first);
    pass.tasks.push_back({});
    ggml_tensor* h =
        ggml_view_2d(c, normed, normed->ne[0], count, normed->nb[1], first * normed->nb[1]);
    ggml_tensor* d_logits =
        pass.ops->softmax_loss(weights_->head.multiply(c, h), &pass.tasks.back());
    build.keep(d_logits);
    if (backward) {
      ggml_tensor* dh = weights_->head.multiply_transposed(c, d_logits);
      d_normed = d_normed ? ggml_concat(c, d_normed, dh, 1) : dh;
      build.keep(d_normed);
    }
  }
  if (backward) {
    ggml_tensor* dx = ggml_get_rows_back(c, build.norm_back(d_normed, last, weights_->output_norm),
                                         pass.positions, x);
    for (int i = hp.n_layers - 1; i >= 0; i--) {
      if (options_.recompute) build.block(i, blocks[i].x, blocks[i]);
      dx = build.block_back(i, dx, blocks[i]);
      if (dx) build.keep(dx);
    }
  }
  return pass;
}

void Trainer::aim(Pass& pass, const TrainBatch& batch) const {
  attention_->offsets = batch.group_offsets;
  ggml_backend_tensor_set(pass.tokens, batch.tokens.data(), 0, ggml_nbytes(pass.tokens));
  ggml_backend_tensor_set(pass.positions, batch.loss_positions.data(), 0,
                          ggml_nbytes(pass.positions));
  const bool any = options_.allowed_sets.empty();
  for (size_t i = 0; i < pass.tasks.size(); i++) {
    const size_t first = i * pass.chunk;
    pass.tasks[i] = {batch.labels.data() + first, batch.weights.data() + first,
                     any ? nullptr : batch.sets.data() + first, options_.allowed_sets.data(),
                     pass.losses.data() + first};
  }
  pass.ops->fill();
}

Trainer::Pass& Trainer::placed(const BatchShape& shape, bool backward) {
  if (pass_ && pass_->shape == shape && pass_->backward == backward) return *pass_;
  pass_ = nullptr;
  auto pass = std::make_unique<Pass>(build(shape, backward));
  if (!(device_ ? device_->allocate(pass->graph)
                : ggml_gallocr_alloc_graph(allocator_, pass->graph))) {
    throw Error("E_NATIVE",
                "not enough memory " + (device_ ? "on the device " + options_.device + " " : "") +
                    "for a training step of " + std::to_string(shape.n_tokens()) + " tokens",
                "allow less by --max-memory, which computes fewer at a time");
  }
  pass_ = std::move(pass);
  return *pass_;
}

std::vector<float> Trainer::run(const TrainBatch& batch, bool backward) {
  check(batch, backward);
  const std::lock_guard<std::mutex> lock(mutex_);
  const int64_t n_loss = batch.loss_positions.size();
  if (!device_) {
    return run(batch, {1, static_cast<int64_t>(batch.tokens.size()), n_loss}, backward);
  }
  const PaddedBatch padded(batch);
  std::vector<float> losses = run(padded.batch, padded.shape, backward);
  losses.resize(n_loss);
  return losses;
}

std::vector<float> Trainer::run(const TrainBatch& batch, const BatchShape& shape, bool backward) {
  int longest = 0;
  for (size_t g = 0; g + 1 < batch.group_offsets.size(); g++) {
    longest = std::max(longest, batch.group_offsets[g + 1] - batch.group_offsets[g]);
  }
  attention_->shape.rotary.reserve(longest);
  if (backward && adapter_->dropout.on()) {
    adapter_->dropout.begin(batch.dropout_seeds, batch.group_offsets);
  }
  Pass& pass = placed(shape, backward);
  aim(pass, batch);
  if (device_) {
    device_->compute(pass.graph);
    if (aborted_) throw Error("E_ABORTED", "training was interrupted");
  } else {
    cpu_.compute(pass.graph, "training");
  }
  pass.ops->read();
  return pass.losses;
}

TrainerMemory Trainer::memory(int64_t n, int64_t longest) {
  const std::lock_guard<std::mutex> lock(mutex_);
  // A device rounds sizes up, by an eighth at most.
  const Pass pass =
      build(device_ ? PaddedBatch::shape_of((n + n / 8 + longest - 1) / longest, longest, n)
                    : BatchShape{1, n, n},
            true);
  std::unique_ptr<ggml_gallocr, void (*)(ggml_gallocr_t)> allocator(
      ggml_gallocr_new(
          ggml_backend_get_default_buffer_type(device_ ? device_->backend() : cpu_.backend())),
      ggml_gallocr_free);
  size_t graph = 0;
  ggml_gallocr_reserve_n_size(allocator.get(), pass.graph, nullptr, nullptr, &graph);

  const Hyperparameters& hp = weights_->hp;
  const LayerWeights& l = weights_->layers[0];
  const int64_t threads = options_.threads, share = (n + threads - 1) / threads + 16;
  size_t product = 0;
  for (const FrozenMatrix* m : {&l.qkv, &l.output, &l.gate_up, &l.down}) {
    if (!m->forward8) {
      // ggml converts what it multiplies to the type of the weights
      product =
          std::max(product, sizeof(float) * n * std::max(m->forward->ne[0], m->forward->ne[1]));
      continue;
    }
    for (const Int8Matrix* matrix : {m->forward8.get(), m->backward8.get()}) {
      product = std::max(product, threads * matrix->work_bytes(share));
    }
  }
  if (device_) {
    const size_t weights = weights_->bytes() + device_->mask().bytes();
    return {weights, 0, device_->adapter().bytes(), graph, product};
  }
  graph += ggml_used_mem(pass.context.get());
  const size_t attention = threads * attention_bytes(longest, hp.head_dim);
  return {weights_->bytes(), weights_->reading_bytes(), adapter_->bytes(), graph,
          attention + product};
}

std::vector<std::string> Trainer::on_cpu() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!device_) return {};
  return {device_->on_cpu().begin(), device_->on_cpu().end()};
}

std::vector<float> Trainer::accumulate(const TrainBatch& batch) { return run(batch, true); }

std::vector<float> Trainer::evaluate(const TrainBatch& batch) { return run(batch, false); }

double Trainer::update(const AdamWOptions& options) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return device_ ? device_->update(options) : adapter_->update(options, options_.threads);
}

std::vector<char> Trainer::state() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (device_) device_->adapter().download();
  return adapter_->state();
}

void Trainer::set_state(const std::vector<char>& state) {
  const std::lock_guard<std::mutex> lock(mutex_);
  adapter_->set_state(state);
  if (device_) device_->adapter().upload();
}

void Trainer::save(const std::string& path, const std::map<std::string, std::string>& metadata,
                   const std::string&) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (device_) device_->adapter().download();
  adapter_->save(path, metadata);
}

}  // namespace harmonic
