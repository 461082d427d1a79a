#pragma once

#include <llama.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/device-model.h"
#include "engine/evaluator.h"
#include "engine/lane-model.h"

namespace harmonic {

/** What draws rows from a model. */
enum class Engine {
  kLlama,   // llama.cpp
  kGraph,   // our own graph, where this processor and the architecture allow it: see GraphEvaluator
  kDense,   // small models of F32 weights for many rows at once: see DenseEvaluator
  kDevice,  // our own graph of ggml's operations on a device: see DeviceEvaluator
  kAuto,    // on a device our own graph where it computes there what it does on the processor and
            // the weights find room; on the processor small F32 models densely, others by our own
            // graph where it is faster and the base holds no F32 matrices; else llama.cpp
};

struct ModelOptions {
  std::string path;
  std::string adapter;  // LoRA as GGUF; empty: none
  bool vocabulary_only = false;
  Engine engine = Engine::kLlama;
  std::string device = {};  // ggml's name of the device that holds the weights; empty: the CPU
};

struct ModelInfo {
  std::string architecture;
  std::string name;
  int64_t n_parameters = 0;
  int64_t size = 0;  // bytes of the tensors
  int n_vocabulary = 0;
  int n_embedding = 0;
  int n_layers = 0;
  int n_heads = 0;
  int n_heads_kv = 0;
  int n_context_trained = 0;
  std::string file_type;
  std::string vocabulary_type;
  int bos = -1;
  int eos = -1;
  std::string chat_template;
  std::string untrainable;  // empty where the trainer can train it, else why not
  std::string engine;       // "llama", "graph", "dense" or "device": what draws rows
  std::string obstacle;     // what is wrong with "device" on the device, where nobody asked for it
};

struct LlamaContextDeleter {
  void operator()(llama_context* context) const { llama_free(context); }
};
using LlamaContext = std::unique_ptr<llama_context, LlamaContextDeleter>;

/** A base model in llama.cpp, with an adapter if given. All methods may be called from any thread.
 */
class Model {
 public:
  /** Throws Error E_MODEL where the model or adapter cannot be used. */
  explicit Model(const ModelOptions& options);

  const ModelInfo& info() const { return info_; }
  /** ggml's name of the device that evaluates; empty: the CPU. */
  const std::string& device() const { return options_.device; }

  /** Token ids of a text on its own: no BOS, no dummy prefix space, control tokens as plain text.
   * Throws Error E_MODEL where the model has no tokenizer, as one from scratch over bare ids. */
  std::vector<int32_t> tokenize(const std::string& text) const;
  /** The bytes of the tokens, one after another. */
  std::string detokenize(const std::vector<int32_t>& ids) const;
  /** Natural log-probabilities of the full vocabulary after each position, shape (ids,
   * n_vocabulary). */
  std::vector<float> log_probabilities(const std::vector<int32_t>& ids) const;

  /** Sequences that an evaluator may have. */
  int most_sequences() const;
  /** What a generator draws from, by the engine that the model was opened for. */
  std::unique_ptr<Evaluator> new_evaluator(const EvaluatorOptions& options) const;
  /** A context with the adapter applied. Throws Error E_MODEL where it cannot be made. */
  LlamaContext new_context(const llama_context_params& params) const;
  /** Throws Error E_USAGE where an id is no token of the vocabulary; `option` names the ids. */
  void check_ids(const std::vector<int32_t>& ids, const std::string& option) const;

 private:
  struct ModelDeleter {
    void operator()(llama_model* model) const { llama_model_free(model); }
  };

  void check_tokenizer() const;
  const llama_vocab* vocabulary() const { return llama_model_get_vocab(model_.get()); }

  ModelOptions options_;
  ModelInfo info_;
  bool vocabulary_only_;  // llama.cpp holds no weights
  std::unique_ptr<llama_model, ModelDeleter> model_;
  std::shared_ptr<const LaneModel> lanes_;        // of the engine kDense
  std::shared_ptr<const DeviceModel> on_device_;  // of the engine kDevice
  llama_adapter_lora* adapter_ = nullptr;         // freed with the model; null where it is merged
};

}  // namespace harmonic
