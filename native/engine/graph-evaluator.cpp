#include "engine/graph-evaluator.h"

#include <algorithm>

#include "engine/error.h"
#include "ggml-alloc.h"

namespace harmonic {

GraphEvaluator::GraphEvaluator(const std::string& base, const std::string& adapter,
                               const EvaluatorOptions& options)
    : aborted_(options.aborted),
      cpu_(options.threads, options.aborted),
      weights_(WeightsOptions{base, adapter, GGML_TYPE_I8, options.vocabulary, false},
               cpu_.backend()),
      cache_(weights_.hp, options.n_sequences, options.n_context,
             options.small_cache ? CacheType::kHalf : CacheType::kFloat),
      attention_{AttentionShape(weights_), &cache_, {}, {}},
      allocator_(ggml_gallocr_new(ggml_backend_get_default_buffer_type(cpu_.backend()))),
      n_logits_(options.vocabulary.empty() ? weights_.hp.n_vocab : options.vocabulary.size()) {
  attention_.shape.rotary.reserve(options.n_context);
  for (int i = 0; i < weights_.hp.n_layers; i++) layers_.push_back({&attention_, i});
  for (size_t i = 0; i < options.vocabulary.size(); i++)
    place_[options.vocabulary[i]] = static_cast<int>(i);
}

GraphEvaluator::~GraphEvaluator() { ggml_gallocr_free(allocator_); }

void GraphEvaluator::clear() { cache_.clear(); }

void GraphEvaluator::remove(int sequence, int from) { cache_.truncate(sequence, from); }

void GraphEvaluator::copy(int from, int to) { cache_.copy(from, to); }

void GraphEvaluator::evaluate(Batch& batch) {
  const llama_batch view = batch.view();
  const int n = batch.size();
  attention_.runs.clear();
  row_of_.clear();
  std::vector<int32_t> outputs;
  for (int i = 0; i < n; i++) {
    const int sequence = view.seq_id[i][0], position = view.pos[i];
    if (position != cache_.length(sequence) || position >= cache_.capacity()) {
      throw Error("E_NATIVE", "sequence " + std::to_string(sequence) + " has no position " +
                                  std::to_string(position));
    }
    cache_.extend(sequence, 1);
    auto& runs = attention_.runs;
    if (runs.empty() || runs.back().sequence != sequence)
      runs.push_back({i, 0, sequence, position});
    runs.back().n++;
    if (view.logits[i]) {
      row_of_[i] = outputs.size();
      outputs.push_back(i);
    }
  }

  attention_.plan();

  const size_t n_nodes = 64 + 28 * layers_.size();
  const size_t bytes =
      ggml_tensor_overhead() * n_nodes * 2 + ggml_graph_overhead_custom(n_nodes, false);
  const std::unique_ptr<ggml_context, void (*)(ggml_context*)> context(
      ggml_init({bytes, nullptr, true}), ggml_free);
  ggml_context* c = context.get();
  const auto input = [&](int64_t size) {
    ggml_tensor* t = ggml_new_tensor_1d(c, GGML_TYPE_I32, size);
    ggml_set_input(t);
    return t;
  };
  const auto norm = [&](ggml_tensor* x, ggml_tensor* gain) {
    return ggml_mul(c, ggml_rms_norm(c, x, weights_.hp.norm_epsilon), gain);
  };
  ggml_tensor* tokens = input(n);
  ggml_tensor* wanted = outputs.empty() ? nullptr : input(static_cast<int64_t>(outputs.size()));
  ggml_tensor* x = ggml_get_rows(c, weights_.embedding, tokens);
  for (size_t i = 0; i < layers_.size(); i++) {
    const LayerWeights& l = weights_.layers[i];
    ggml_tensor* qkv = l.qkv.multiply(c, norm(x, l.attention_norm));
    if (l.qkv_bias) qkv = ggml_add(c, qkv, l.qkv_bias);
    x = ggml_add(c, x, l.output.multiply(c, cached_attention(c, qkv, l, &layers_[i])));
    ggml_tensor* gate_up = l.gate_up.multiply(c, norm(x, l.ffn_norm));
    x = ggml_add(c, x, l.down.multiply(c, ggml_swiglu(c, gate_up)));
  }
  if (wanted)
    x = weights_.head.multiply(c, norm(ggml_get_rows(c, x, wanted), weights_.output_norm));
  ggml_set_output(x);
  ggml_cgraph* graph = ggml_new_graph_custom(c, n_nodes, false);
  ggml_build_forward_expand(graph, x);
  if (!ggml_gallocr_alloc_graph(allocator_, graph)) {
    throw Error("E_NATIVE", "not enough memory to evaluate " + std::to_string(n) + " tokens");
  }
  ggml_backend_tensor_set(tokens, view.token, 0, ggml_nbytes(tokens));
  if (wanted) ggml_backend_tensor_set(wanted, outputs.data(), 0, ggml_nbytes(wanted));
  cpu_.compute(graph, "sampling");
  logits_.resize(outputs.size() * n_logits_);
  if (wanted) ggml_backend_tensor_get(x, logits_.data(), 0, logits_.size() * sizeof(float));
}

}  // namespace harmonic
