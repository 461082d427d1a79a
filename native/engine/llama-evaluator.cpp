#include "engine/llama-evaluator.h"

#include <algorithm>
#include <exception>
#include <string>

#include "engine/error.h"
#include "engine/runtime.h"

namespace harmonic {
namespace {

/** Tokens that one pass through the weights takes. */
constexpr int kMicroBatch = 512;

/** Sequences of llama.cpp's cache are contiguous cells of this granularity. */
int padded_context(int n) { return (n + 255) / 256 * 256; }

}  // namespace

LlamaEvaluator::LlamaEvaluator(const Model& model, const EvaluatorOptions& options)
    : aborted_(options.aborted), n_logits_(model.info().n_vocabulary), device_(model.device()) {
  llama_context_params params = llama_context_default_params();
  params.n_seq_max = options.n_sequences;
  params.n_ctx = padded_context(options.n_context) * options.n_sequences;
  params.n_batch = options.n_batch;
  params.n_ubatch = kMicroBatch;
  params.n_outputs_max = std::max(options.n_outputs, options.n_sequences);
  params.type_k = params.type_v = options.small_cache ? GGML_TYPE_F16 : GGML_TYPE_F32;
  params.n_threads = params.n_threads_batch = options.threads;
  params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_AUTO;
  // A row sees its own prompt only, so each sequence has cells of its own: in one common cache
  // every token would walk over the cells of all rows.
  params.kv_unified = false;
  params.no_perf = true;
  params.abort_callback = [](void* self) { return static_cast<LlamaEvaluator*>(self)->aborted_(); };
  params.abort_callback_data = this;
  context_ = model.new_context(params);
}

void LlamaEvaluator::clear() { llama_memory_clear(llama_get_memory(context_.get()), false); }

void LlamaEvaluator::remove(int sequence, int from) {
  llama_memory_seq_rm(llama_get_memory(context_.get()), sequence, from, -1);
}

void LlamaEvaluator::copy(int from, int to) {
  llama_memory_seq_cp(llama_get_memory(context_.get()), from, to, -1, -1);
}

void LlamaEvaluator::evaluate(Batch& batch) {
  take_log();
  int status = -1;
  std::string reason;
  try {
    status = llama_decode(context_.get(), batch.view());
    reason = take_log();
  } catch (const std::exception& error) {  // of a device's driver, as Vulkan's of one that is lost
    reason = error.what();
  }
  if (aborted_()) throw Error("E_ABORTED", "sampling was interrupted");
  if (status != 0) {
    const bool on_device = !device_.empty();
    throw Error("E_NATIVE",
                "llama.cpp cannot evaluate a batch of " + std::to_string(batch.size()) + " tokens" +
                    (on_device ? " on the device " + device_ : "") + ": " + reason,
                on_device ? "the rows finished are kept: go on with fewer at once by "
                            "--n-sequences, or with --device cpu"
                          : "");
  }
}

const float* LlamaEvaluator::logits(int index) {
  return llama_get_logits_ith(context_.get(), index);
}

}  // namespace harmonic
