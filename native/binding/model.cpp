#include "engine/model.h"

#include <napi.h>

#include "binding/arrays.h"
#include "binding/async.h"
#include "binding/generator.h"

namespace harmonic {
namespace {

/** The classes of one environment (the main thread or a worker), freed with it. */
struct Classes {
  Napi::FunctionReference model;
  Napi::FunctionReference generator;
};

Napi::Object write_info(Napi::Env env, const ModelInfo& info) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("architecture", info.architecture);
  object.Set("name", info.name);
  object.Set("nParameters", static_cast<double>(info.n_parameters));
  object.Set("size", static_cast<double>(info.size));
  object.Set("nVocabulary", info.n_vocabulary);
  object.Set("nEmbedding", info.n_embedding);
  object.Set("nLayers", info.n_layers);
  object.Set("nHeads", info.n_heads);
  object.Set("nHeadsKv", info.n_heads_kv);
  object.Set("nContextTrained", info.n_context_trained);
  object.Set("fileType", info.file_type);
  object.Set("vocabularyType", info.vocabulary_type);
  object.Set("bos", info.bos);
  object.Set("eos", info.eos);
  object.Set("chatTemplate", info.chat_template);
  object.Set("untrainable", info.untrainable);
  object.Set("engine", info.engine);
  object.Set("obstacle", info.obstacle);
  return object;
}

class ModelHandle final : public Napi::ObjectWrap<ModelHandle> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "ModelHandle",
                       {InstanceMethod<&ModelHandle::info>("info"),
                        InstanceMethod<&ModelHandle::tokenize>("tokenize"),
                        InstanceMethod<&ModelHandle::detokenize>("detokenize"),
                        InstanceMethod<&ModelHandle::log_probabilities>("logProbabilities"),
                        InstanceMethod<&ModelHandle::open_generator>("openGenerator"),
                        InstanceMethod<&ModelHandle::close>("close")});
  }

  explicit ModelHandle(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<ModelHandle>(info),
        model_(*info[0].As<Napi::External<std::shared_ptr<Model>>>().Data()),
        classes_(info[1].As<Napi::External<Classes>>().Data()) {}

 private:
  std::shared_ptr<Model> open(Napi::Env env) const {
    if (!model_) throw to_js_error(env, Error("E_USAGE", "the model is closed"));
    return model_;
  }

  Napi::Value info(const Napi::CallbackInfo& call) {
    return write_info(call.Env(), open(call.Env())->info());
  }

  Napi::Value tokenize(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    const auto model = open(env);
    const auto texts = info[0].As<Napi::Array>();
    std::vector<int32_t> ids;
    std::vector<int32_t> offsets = {0};
    translate_errors(env, [&] {
      for (uint32_t i = 0; i < texts.Length(); i++) {
        const std::string text = static_cast<Napi::Value>(texts[i]).As<Napi::String>();
        const auto piece = model->tokenize(text);
        ids.insert(ids.end(), piece.begin(), piece.end());
        offsets.push_back(static_cast<int32_t>(ids.size()));
      }
    });
    Napi::Object result = Napi::Object::New(env);
    result.Set("ids", to_array_buffer(env, ids));
    result.Set("offsets", to_array_buffer(env, offsets));
    return result;
  }

  Napi::Value detokenize(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    const auto model = open(env);
    const auto ids = copy_array<int32_t>(info[0]);
    return Napi::String::New(env, translate_errors(env, [&] { return model->detokenize(ids); }));
  }

  Napi::Value log_probabilities(const Napi::CallbackInfo& info) {
    const auto model = open(info.Env());
    const auto ids = copy_array<int32_t>(info[0]);
    return run_async<std::vector<float>>(
        info.Env(), [model, ids] { return model->log_probabilities(ids); },
        [](Napi::Env env, std::vector<float>& values) -> Napi::Value {
          return to_array_buffer(env, values);
        });
  }

  Napi::Value open_generator(const Napi::CallbackInfo& info) {
    const auto model = open(info.Env());
    const auto options =
        std::make_shared<GeneratorOptions>(read_generator_options(info[0].As<Napi::Object>()));
    return run_async<std::shared_ptr<Generator>>(
        info.Env(),
        [model, options] { return std::make_shared<Generator>(model, std::move(*options)); },
        [classes = classes_](Napi::Env env, std::shared_ptr<Generator>& generator) -> Napi::Value {
          return classes->generator.New(
              {Napi::External<std::shared_ptr<Generator>>::New(env, &generator)});
        });
  }

  void close(const Napi::CallbackInfo&) { model_.reset(); }

  std::shared_ptr<Model> model_;
  Classes* classes_;
};

Engine engine_of(const std::string& name) {
  return name == "auto"     ? Engine::kAuto
         : name == "graph"  ? Engine::kGraph
         : name == "dense"  ? Engine::kDense
         : name == "device" ? Engine::kDevice
                            : Engine::kLlama;
}

Napi::Value open_model(const Napi::CallbackInfo& info) {
  const auto object = info[0].As<Napi::Object>();
  ModelOptions options;
  options.path = object.Get("path").As<Napi::String>();
  if (object.Get("adapter").IsString()) options.adapter = object.Get("adapter").As<Napi::String>();
  options.vocabulary_only = object.Get("vocabularyOnly").ToBoolean();
  if (object.Get("device").IsString()) options.device = object.Get("device").As<Napi::String>();
  if (object.Get("engine").IsString())
    options.engine = engine_of(object.Get("engine").As<Napi::String>());
  auto* classes = static_cast<Classes*>(info.Data());
  return run_async<std::shared_ptr<Model>>(
      info.Env(), [options] { return std::make_shared<Model>(options); },
      [classes](Napi::Env env, std::shared_ptr<Model>& model) -> Napi::Value {
        return classes->model.New({Napi::External<std::shared_ptr<Model>>::New(env, &model),
                                   Napi::External<Classes>::New(env, classes)});
      });
}

}  // namespace

void register_model(Napi::Env env, Napi::Object exports) {
  auto* classes = new Classes{Napi::Persistent(ModelHandle::define(env)),
                              Napi::Persistent(define_generator_handle(env))};
  env.AddCleanupHook([classes] { delete classes; });
  exports.Set("openModel", Napi::Function::New(env, open_model, "openModel", classes));
}

}  // namespace harmonic
