#include "engine/model.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <thread>

#include "engine/adapter-check.h"
#include "engine/architecture.h"
#include "engine/backends.h"
#include "engine/batch.h"
#include "engine/dense-evaluator.h"
#include "engine/device-evaluator.h"
#include "engine/error.h"
#include "engine/gguf-file.h"
#include "engine/graph-evaluator.h"
#include "engine/int8-matrix.h"
#include "engine/llama-evaluator.h"
#include "engine/merge.h"
#include "engine/runtime.h"
#include "engine/sampling-probe.h"

namespace harmonic {
namespace {

/** Positions whose logits are asked for at once: bounds memory at large vocabularies. */
constexpr int kLogitsAtOnce = 64;
/** LLAMA_MAX_SEQ of llama.cpp. */
constexpr int kMostSequences = 256;
/** More bring nothing: by then every weight that is read is used for dozens of rows. */
constexpr int kMostOwnSequences = 4096;
/** Of models that are evaluated densely without being asked for. */
constexpr int64_t kMostDenseParameters = 20'000'000;

std::string vocabulary_type_name(enum llama_vocab_type type) {
  switch (type) {
    case LLAMA_VOCAB_TYPE_SPM:
      return "spm";
    case LLAMA_VOCAB_TYPE_BPE:
      return "bpe";
    case LLAMA_VOCAB_TYPE_WPM:
      return "wpm";
    case LLAMA_VOCAB_TYPE_UGM:
      return "ugm";
    case LLAMA_VOCAB_TYPE_RWKV:
      return "rwkv";
    default:
      return "none";
  }
}

/** llama.cpp's name of a file type without its remarks: "(guessed) all F32" is "F32". */
std::string file_type_name(llama_ftype type) {
  std::string name = llama_ftype_name(type);
  for (const char* remark : {"(guessed) ", "all "}) {
    if (name.rfind(remark, 0) == 0) name.erase(0, std::strlen(remark));
  }
  return name;
}

/** A reason that llama.cpp logged, as the end of a message. */
std::string logged_reason() {
  std::string log = take_log();
  std::replace(log.begin(), log.end(), '\n', ' ');
  return log.empty() ? "" : ": " + log;
}

int64_t count_parameters(const GgufFile& file) {
  int64_t n = 0;
  for (const GgufTensor& tensor : file.tensors()) n += tensor.n_elements();
  return n;
}

std::string engine_name(Engine engine) {
  switch (engine) {
    case Engine::kDense:
      return "dense";
    case Engine::kDevice:
      return "device";
    case Engine::kGraph:
      return "graph";
    default:
      return "llama";
  }
}

ModelInfo describe(const GgufFile& file, const llama_model* model) {
  const llama_vocab* vocabulary = llama_model_get_vocab(model);
  ModelInfo info;
  info.architecture = file.architecture();
  info.name = file.text("general.name");
  info.n_parameters = count_parameters(file);
  for (const GgufTensor& tensor : file.tensors()) info.size += static_cast<int64_t>(tensor.size);
  info.n_vocabulary = llama_vocab_n_tokens(vocabulary);
  info.n_embedding = static_cast<int>(file.architecture_integer("embedding_length"));
  info.n_layers = static_cast<int>(file.architecture_integer("block_count"));
  info.n_heads = static_cast<int>(file.architecture_integer("attention.head_count"));
  info.n_heads_kv =
      static_cast<int>(file.architecture_integer("attention.head_count_kv", info.n_heads));
  info.n_context_trained = static_cast<int>(file.architecture_integer("context_length"));
  // From the file where it says so: llama.cpp counts tensors, of which a vocabulary alone has none.
  const int64_t type = file.integer("general.file_type", llama_model_ftype(model));
  info.file_type = file_type_name(static_cast<llama_ftype>(type));
  info.vocabulary_type = vocabulary_type_name(llama_vocab_type(vocabulary));
  info.bos = llama_vocab_bos(vocabulary);
  info.eos = llama_vocab_eos(vocabulary);
  info.chat_template = file.text("tokenizer.chat_template");
  info.untrainable = untrainable_reason(file);
  return info;
}

/** Why our own engines cannot evaluate a model; empty where they can. */
std::string dense_obstacle(const ModelOptions& options, const GgufFile& file) {
  if (!options.adapter.empty()) return "it has an adapter beside it";
  return untrainable_reason(file);
}

std::string graph_obstacle(const GgufFile& file) {
  const std::string reason = untrainable_reason(file);
  if (!reason.empty() || Int8Matrix::is_fast_here()) return reason;
  return "this processor has no fast 8-bit products";
}

std::string obstacle_to(Engine engine, const ModelOptions& options, const GgufFile& file) {
  if (engine == Engine::kDense) return dense_obstacle(options, file);
  return engine == Engine::kGraph ? graph_obstacle(file) : untrainable_reason(file);
}

/** The engine that a model is opened for; never kAuto. `obstacle` as of ModelInfo. */
Engine resolve_engine(const ModelOptions& options, const GgufFile& file, std::string& obstacle) {
  const Engine wanted = options.engine;
  const bool on_device = !options.device.empty();
  if (on_device && (wanted == Engine::kGraph || wanted == Engine::kDense)) {
    throw Error("E_USAGE",
                "expected the engine device, llama or auto on the device " + options.device +
                    " but received one that computes on the processor",
                "leave the engine out, or take the device cpu");
  }
  if (wanted == Engine::kLlama) return Engine::kLlama;
  if (wanted != Engine::kAuto) {
    const std::string reason = obstacle_to(wanted, options, file);
    if (reason.empty()) return wanted;
    throw Error("E_MODEL", file.path() + " cannot be sampled by our own graph: " + reason,
                "use the engine llama");
  }
  if (on_device) {
    if (!untrainable_reason(file).empty()) return Engine::kLlama;
    obstacle = sampling_obstacle(options.path, options.adapter, options.device);
    return obstacle.empty() ? Engine::kDevice : Engine::kLlama;
  }
  const GgufTensor* matrix = file.find("blk.0.ffn_down.weight");
  const bool is_exact = matrix != nullptr && matrix->type == GGML_TYPE_F32;
  // Rounding F32 weights to 8 bits would lose what their owner kept.
  if (!is_exact) return graph_obstacle(file).empty() ? Engine::kGraph : Engine::kLlama;
  const bool is_small = count_parameters(file) <= kMostDenseParameters;
  return is_small && dense_obstacle(options, file).empty() ? Engine::kDense : Engine::kLlama;
}

}  // namespace

Model::Model(const ModelOptions& options) : options_(options) {
  const GgufFile file(options.path, "base model");
  std::string obstacle;
  options_.engine = resolve_engine(options, file, obstacle);
  if (options_.engine == Engine::kDevice && !options.vocabulary_only) {
    try {
      on_device_ =
          std::make_shared<const DeviceModel>(options.path, options.adapter, options.device);
    } catch (const Error& error) {
      // llama.cpp holds quantised weights as they are, in less memory.
      if (options.engine != Engine::kAuto) throw;
      obstacle = error.what();
      options_.engine = Engine::kLlama;
    }
  }
  vocabulary_only_ = options.vocabulary_only || options_.engine != Engine::kLlama;
  if (file.text("general.type", "model") == "adapter") {
    throw Error("E_MODEL",
                "expected the base model " + options.path + " to be a model but it is an adapter",
                "give the adapter beside its base model");
  }
  // SentencePiece would put a space before every piece of text; pieces of a row are joined as they
  // are.
  llama_model_kv_override overrides[2] = {};
  overrides[0].tag = LLAMA_KV_OVERRIDE_TYPE_BOOL;
  std::strncpy(overrides[0].key, "tokenizer.ggml.add_space_prefix", sizeof(overrides[0].key) - 1);
  overrides[0].val_bool = false;

  llama_model_params params = llama_model_default_params();
  params.vocab_only = vocabulary_only_;
  params.kv_overrides = overrides;
  // Named, for by itself llama.cpp would take every device whose backend is loaded.
  ggml_backend_dev_t devices[] = {find_device(options.device), nullptr};
  params.devices = devices;
  params.n_gpu_layers = options.device.empty() ? 0 : -1;
  std::unique_ptr<GgufFile> adapter;
  if (!options.adapter.empty()) {
    adapter = std::make_unique<GgufFile>(options.adapter, "adapter");
    check_adapter(*adapter, file);
  }
  // A GPU multiplies by an adapter beside the base at next to no cost.
  const bool merged =
      !vocabulary_only_ && options.device.empty() && merge_pays(file, adapter.get());
  take_log();
  if (merged) {
    const TemporaryFile copy = merge(file, adapter.get());
    model_.reset(llama_model_load_from_file_ptr(copy.get(), params));
  } else {
    model_.reset(llama_model_load_from_file(options.path.c_str(), params));
  }
  if (!model_ && !options.device.empty()) {
    throw Error("E_MODEL",
                "llama.cpp cannot load the base model " + options.path + " onto the device " +
                    options.device + logged_reason(),
                "use a smaller base, or the device cpu");
  }
  if (!model_) {
    throw Error(
        "E_MODEL", "llama.cpp cannot load the base model " + options.path + logged_reason(),
        "give a language model that llama.cpp " + std::string(llama_version()) + " supports");
  }
  if (!vocabulary_only_ &&
      (llama_model_has_encoder(model_.get()) || !llama_model_has_decoder(model_.get()))) {
    throw Error(
        "E_MODEL",
        "expected the base model " + options.path + " to be a decoder but it has an encoder",
        "give a causal language model such as llama, mistral or qwen");
  }
  info_ = describe(file, model_.get());
  info_.engine = engine_name(options_.engine);
  info_.obstacle = obstacle;
  if (options_.engine == Engine::kDense && !options.vocabulary_only)
    lanes_ = std::make_shared<const LaneModel>(options.path);
  if (!adapter || merged || vocabulary_only_) return;

  take_log();
  adapter_ = llama_adapter_lora_init(model_.get(), options.adapter.c_str());
  if (adapter_ == nullptr) {
    throw Error("E_MODEL", "llama.cpp cannot load the adapter " + options.adapter + logged_reason(),
                "train or fetch it again");
  }
}

// llama.cpp ends the process where it is asked for tokens of a model without a tokenizer.
void Model::check_tokenizer() const {
  if (llama_vocab_type(vocabulary()) != LLAMA_VOCAB_TYPE_NONE) return;
  throw Error("E_MODEL",
              "expected the base model " + options_.path + " to have a tokenizer but it has none",
              "give a language model with its tokenizer");
}

std::vector<int32_t> Model::tokenize(const std::string& text) const {
  check_tokenizer();
  std::vector<int32_t> ids(text.size() + 8);
  const auto length = static_cast<int32_t>(text.size());
  int32_t n = llama_tokenize(vocabulary(), text.data(), length, ids.data(),
                             static_cast<int32_t>(ids.size()), false, false);
  if (n < 0) {
    ids.resize(static_cast<size_t>(-static_cast<int64_t>(n)));
    n = llama_tokenize(vocabulary(), text.data(), length, ids.data(),
                       static_cast<int32_t>(ids.size()), false, false);
  }
  if (n < 0)
    throw Error("E_INPUT", "cannot tokenise a text of " + std::to_string(text.size()) + " bytes");
  ids.resize(n);
  return ids;
}

std::string Model::detokenize(const std::vector<int32_t>& ids) const {
  check_tokenizer();
  check_ids(ids, "ids");
  std::string text;
  std::vector<char> piece(64);
  for (const int32_t id : ids) {
    int32_t n = llama_token_to_piece(vocabulary(), id, piece.data(),
                                     static_cast<int32_t>(piece.size()), 0, true);
    if (n < 0) {
      piece.resize(-n);
      n = llama_token_to_piece(vocabulary(), id, piece.data(), static_cast<int32_t>(piece.size()),
                               0, true);
    }
    text.append(piece.data(), n);
  }
  return text;
}

std::vector<float> Model::log_probabilities(const std::vector<int32_t>& ids) const {
  check_ids(ids, "ids");
  if (ids.empty()) return {};
  const int n = static_cast<int>(ids.size());
  llama_context_params params = llama_context_default_params();
  params.n_ctx = n;
  params.n_batch = params.n_ubatch = std::min(n, kLogitsAtOnce);
  params.n_threads = params.n_threads_batch = std::max(1u, std::thread::hardware_concurrency());
  // Rounded to 16 bits, keys and values that differ in their last bit may differ much more.
  params.type_k = params.type_v = GGML_TYPE_F32;
  LlamaContext context = new_context(params);

  const size_t width = info_.n_vocabulary;
  std::vector<float> result(n * width);
  Batch batch;
  for (int start = 0; start < n; start += kLogitsAtOnce) {
    batch.clear();
    for (int i = start; i < std::min(n, start + kLogitsAtOnce); i++) batch.add(ids[i], i, 0, true);
    if (llama_decode(context.get(), batch.view()) != 0) {
      throw Error("E_NATIVE", "llama.cpp cannot evaluate the tokens" + logged_reason());
    }
    for (int i = 0; i < batch.size(); i++) {
      const float* logits = llama_get_logits_ith(context.get(), i);
      const double largest = *std::max_element(logits, logits + width);
      double sum = 0;
      for (size_t v = 0; v < width; v++) sum += std::exp(logits[v] - largest);
      const double normaliser = largest + std::log(sum);
      float* out = result.data() + (start + i) * width;
      for (size_t v = 0; v < width; v++) out[v] = static_cast<float>(logits[v] - normaliser);
    }
  }
  return result;
}

int Model::most_sequences() const {
  const bool is_own = options_.engine == Engine::kDense || options_.engine == Engine::kDevice;
  return is_own ? kMostOwnSequences : kMostSequences;
}

std::unique_ptr<Evaluator> Model::new_evaluator(const EvaluatorOptions& options) const {
  if (options_.engine == Engine::kGraph && !options_.vocabulary_only) {
    return std::make_unique<GraphEvaluator>(options_.path, options_.adapter, options);
  }
  if (lanes_) return std::make_unique<DenseEvaluator>(lanes_, options);
  if (on_device_) return std::make_unique<DeviceEvaluator>(on_device_, options);
  return std::make_unique<LlamaEvaluator>(*this, options);
}

LlamaContext Model::new_context(const llama_context_params& params) const {
  if (vocabulary_only_) {
    throw Error("E_USAGE",
                "expected a model with weights in llama.cpp but only its vocabulary was loaded",
                "open it without vocabularyOnly, for the engine llama");
  }
  take_log();
  LlamaContext context(llama_init_from_model(model_.get(), params));
  if (!context) {
    throw Error("E_MODEL",
                "llama.cpp cannot make a context of " + std::to_string(params.n_ctx) + " tokens" +
                    logged_reason(),
                "use fewer sequences or a smaller context");
  }
  if (adapter_ != nullptr) {
    llama_adapter_lora* adapters[] = {adapter_};
    float scales[] = {1.0f};
    if (llama_set_adapters_lora(context.get(), adapters, 1, scales) != 0) {
      throw Error("E_MODEL", "llama.cpp cannot apply the adapter" + logged_reason());
    }
  }
  return context;
}

void Model::check_ids(const std::vector<int32_t>& ids, const std::string& option) const {
  for (const int32_t id : ids) {
    if (id < 0 || id >= info_.n_vocabulary) {
      throw Error("E_USAGE", "expected token ids from 0 to " +
                                 std::to_string(info_.n_vocabulary - 1) + " for `" + option +
                                 "` but received " + std::to_string(id));
    }
  }
}

}  // namespace harmonic
