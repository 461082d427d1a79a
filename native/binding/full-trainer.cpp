#include "engine/full-trainer.h"

#include <napi.h>

#include "binding/arrays.h"
#include "binding/async.h"
#include "binding/trainer.h"
#include "engine/scratch.h"

namespace harmonic {
namespace {

Napi::Value open_full_trainer(const Napi::CallbackInfo& info) {
  const auto o = info[0].As<Napi::Object>();
  FullTrainerOptions options;
  options.path = o.Get("path").As<Napi::String>();
  if (o.Has("dropout")) options.dropout = o.Get("dropout").As<Napi::Number>().FloatValue();
  options.threads = o.Get("threads").As<Napi::Number>();
  options.vocabulary = copy_array<int32_t>(o.Get("vocabulary"));
  const auto sets = o.Get("allowedSets").As<Napi::Object>();
  options.allowed_sets = {copy_array<int32_t>(sets.Get("offsets")),
                          copy_array<int32_t>(sets.Get("labels"))};
  if (o.Has("columns")) {
    const auto columns = o.Get("columns").As<Napi::Object>();
    options.columns.n = columns.Get("n").As<Napi::Number>();
    options.columns.of = copy_array<int32_t>(columns.Get("next"));
  }
  if (o.Has("features")) {
    const auto features = o.Get("features").As<Napi::Object>();
    options.features.n = features.Get("n").As<Napi::Number>();
    options.features.offsets = copy_array<int32_t>(features.Get("offsets"));
    options.features.indices = copy_array<int32_t>(features.Get("indices"));
    options.features.values = copy_array<float>(features.Get("values"));
  }
  if (o.Has("averageDecay")) {
    options.average_decay = o.Get("averageDecay").As<Napi::Number>().FloatValue();
  }
  return open_training(info, [options] { return std::make_shared<FullTrainer>(options); });
}

Napi::Value write_scratch(const Napi::CallbackInfo& info) {
  const auto o = info[0].As<Napi::Object>();
  const auto integer = [&](const char* name) {
    return o.Get(name).As<Napi::Number>().Int32Value();
  };
  ScratchOptions options;
  options.path = o.Get("path").As<Napi::String>();
  if (o.Get("tokenizer").IsString())
    options.tokenizer = o.Get("tokenizer").As<Napi::String>();
  else
    options.n_vocabulary = integer("nVocabulary");
  options.n_layers = integer("nLayers");
  options.n_embedding = integer("nEmbedding");
  options.n_heads = integer("nHeads");
  options.n_heads_kv = integer("nHeadsKv");
  options.n_feed_forward = integer("nFeedForward");
  options.n_context = integer("nContext");
  options.rope_base = o.Get("ropeBase").As<Napi::Number>().FloatValue();
  options.norm_epsilon = o.Get("normEpsilon").As<Napi::Number>().FloatValue();
  options.tied = o.Get("tied").As<Napi::Boolean>();
  options.seed = static_cast<uint64_t>(o.Get("seed").As<Napi::Number>().Int64Value());
  return run_async<bool>(
      info.Env(),
      [options] {
        write_scratch_model(options);
        return true;
      },
      [](Napi::Env env, bool&) { return env.Undefined(); });
}

}  // namespace

void register_full_trainer(Napi::Env env, Napi::Object exports,
                           Napi::FunctionReference* constructor) {
  exports.Set("openFullTrainer",
              Napi::Function::New(env, open_full_trainer, "openFullTrainer", constructor));
  exports.Set("writeScratchModel", Napi::Function::New(env, write_scratch, "writeScratchModel"));
}

}  // namespace harmonic
