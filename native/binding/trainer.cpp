#include "engine/trainer.h"

#include <napi.h>

#include "binding/arrays.h"
#include "binding/async.h"
#include "binding/trainer.h"
#include "engine/training-probe.h"

namespace harmonic {
namespace {

TrainBatch read_batch(const Napi::Object& o) {
  TrainBatch b;
  b.tokens = copy_array<int32_t>(o.Get("tokens"));
  b.group_offsets = copy_array<int32_t>(o.Get("groupOffsets"));
  b.loss_positions = copy_array<int32_t>(o.Get("lossPositions"));
  b.labels = copy_array<int32_t>(o.Get("labels"));
  b.sets = copy_array<int32_t>(o.Get("sets"));
  b.weights = copy_array<float>(o.Get("weights"));
  if (o.Has("dropoutSeeds")) b.dropout_seeds = copy_array<uint64_t>(o.Get("dropoutSeeds"));
  if (o.Has("targets")) {
    const auto targets = o.Get("targets").As<Napi::Object>();
    b.target_offsets = copy_array<int32_t>(targets.Get("offsets"));
    b.target_labels = copy_array<int32_t>(targets.Get("labels"));
    b.target_shares = copy_array<float>(targets.Get("shares"));
  }
  if (o.Has("nextColumns")) b.next_columns = copy_array<int32_t>(o.Get("nextColumns"));
  return b;
}

class TrainerHandle final : public Napi::ObjectWrap<TrainerHandle> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "TrainerHandle",
                       {InstanceMethod<&TrainerHandle::accumulate>("accumulate"),
                        InstanceMethod<&TrainerHandle::evaluate>("evaluate"),
                        InstanceMethod<&TrainerHandle::update>("update"),
                        InstanceMethod<&TrainerHandle::state>("state"),
                        InstanceMethod<&TrainerHandle::set_state>("setState"),
                        InstanceMethod<&TrainerHandle::save>("saveAdapter"),
                        InstanceMethod<&TrainerHandle::save>("saveModel"),
                        InstanceMethod<&TrainerHandle::n_parameters>("nParameters"),
                        InstanceMethod<&TrainerHandle::on_cpu>("onCpu"),
                        InstanceMethod<&TrainerHandle::abort>("abort"),
                        InstanceMethod<&TrainerHandle::close>("close")});
  }

  explicit TrainerHandle(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<TrainerHandle>(info),
        trainer_(*info[0].As<Napi::External<std::shared_ptr<Training>>>().Data()) {}

 private:
  std::shared_ptr<Training> open(Napi::Env env) const {
    if (!trainer_) throw to_js_error(env, Error("E_USAGE", "the trainer is closed"));
    return trainer_;
  }

  Napi::Value run(const Napi::CallbackInfo& info,
                  std::vector<float> (Training::*pass)(const TrainBatch&)) {
    auto trainer = open(info.Env());
    auto batch = std::make_shared<TrainBatch>(read_batch(info[0].As<Napi::Object>()));
    return run_async<std::vector<float>>(
        info.Env(), [trainer, batch, pass] { return ((*trainer).*pass)(*batch); },
        [](Napi::Env env, std::vector<float>& losses) -> Napi::Value {
          return to_array_buffer(env, losses);
        });
  }

  Napi::Value accumulate(const Napi::CallbackInfo& info) {
    return run(info, &Training::accumulate);
  }
  Napi::Value evaluate(const Napi::CallbackInfo& info) { return run(info, &Training::evaluate); }

  Napi::Value update(const Napi::CallbackInfo& info) {
    auto trainer = open(info.Env());
    const auto o = info[0].As<Napi::Object>();
    const auto number = [&](const char* name) {
      return o.Get(name).As<Napi::Number>().FloatValue();
    };
    const AdamWOptions options = {number("learningRate"), number("weightDecay"), number("clip"),
                                  number("beta1"),        number("beta2"),       number("epsilon")};
    return run_async<double>(
        info.Env(), [trainer, options] { return trainer->update(options); },
        [](Napi::Env env, double& norm) -> Napi::Value { return Napi::Number::New(env, norm); });
  }

  Napi::Value state(const Napi::CallbackInfo& info) {
    auto trainer = open(info.Env());
    return run_async<std::vector<char>>(
        info.Env(), [trainer] { return trainer->state(); },
        [](Napi::Env env, std::vector<char>& state) -> Napi::Value {
          return to_array_buffer(env, state);
        });
  }

  Napi::Value set_state(const Napi::CallbackInfo& info) {
    auto trainer = open(info.Env());
    auto buffer = info[0].As<Napi::ArrayBuffer>();
    const char* data = static_cast<const char*>(buffer.Data());
    const std::vector<char> state(data, data + buffer.ByteLength());
    return run_async<bool>(
        info.Env(),
        [trainer, state] {
          trainer->set_state(state);
          return true;
        },
        [](Napi::Env env, bool&) { return env.Undefined(); });
  }

  Napi::Value save(const Napi::CallbackInfo& info) {
    auto trainer = open(info.Env());
    const std::string path = info[0].As<Napi::String>();
    const auto o = info[1].As<Napi::Object>();
    std::map<std::string, std::string> metadata;
    for (const auto& entry : o) {
      metadata[entry.first.As<Napi::String>()] =
          static_cast<Napi::Value>(entry.second).As<Napi::String>();
    }
    const std::string type = info[2].IsString() ? info[2].As<Napi::String>() : std::string();
    return run_async<bool>(
        info.Env(),
        [trainer, path, metadata, type] {
          trainer->save(path, metadata, type);
          return true;
        },
        [](Napi::Env env, bool&) { return env.Undefined(); });
  }

  Napi::Value n_parameters(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), static_cast<double>(open(info.Env())->n_parameters()));
  }

  Napi::Value on_cpu(const Napi::CallbackInfo& info) {
    const auto names = open(info.Env())->on_cpu();
    Napi::Array result = Napi::Array::New(info.Env(), names.size());
    for (size_t i = 0; i < names.size(); i++) result.Set(static_cast<uint32_t>(i), names[i]);
    return result;
  }

  void abort(const Napi::CallbackInfo&) {
    if (trainer_) trainer_->abort();
  }

  void close(const Napi::CallbackInfo&) { trainer_.reset(); }

  std::shared_ptr<Training> trainer_;
};

ggml_type weight_type(const std::string& name, bool on_device) {
  if (name == "auto" && on_device) return GGML_TYPE_BF16;
  if (name == "f32") return GGML_TYPE_F32;
  if (name == "f16") return GGML_TYPE_F16;
  if (name == "bf16") return GGML_TYPE_BF16;
  if (name == "int8") return GGML_TYPE_I8;
  if (name == "auto") return Int8Matrix::is_fast_here() ? GGML_TYPE_I8 : GGML_TYPE_BF16;
  throw Error("E_USAGE",
              "expected auto, int8, bf16, f16 or f32 for `weights` but received \"" + name + "\"");
}

TrainerOptions read_options(Napi::Env env, const Napi::Object& o) {
  TrainerOptions options;
  options.path = o.Get("path").As<Napi::String>();
  if (o.Has("adapter")) options.merged = o.Get("adapter").As<Napi::String>();
  options.adapter.rank = o.Get("rank").As<Napi::Number>();
  options.adapter.alpha = o.Get("alpha").As<Napi::Number>().FloatValue();
  if (o.Has("dropout")) {
    options.adapter.dropout = o.Get("dropout").As<Napi::Number>().FloatValue();
  }
  options.recompute = o.Has("recompute") && o.Get("recompute").As<Napi::Boolean>();
  const auto targets = o.Get("targets").As<Napi::Array>();
  for (uint32_t i = 0; i < targets.Length(); i++) {
    options.adapter.targets.push_back(static_cast<Napi::Value>(targets[i]).As<Napi::String>());
  }
  options.adapter.seed = static_cast<uint64_t>(o.Get("seed").As<Napi::Number>().Int64Value());
  options.threads = o.Get("threads").As<Napi::Number>();
  if (o.Has("device")) options.device = o.Get("device").As<Napi::String>();
  options.weights = translate_errors(env, [&] {
    return weight_type(o.Get("weights").As<Napi::String>(), !options.device.empty());
  });
  options.vocabulary = copy_array<int32_t>(o.Get("vocabulary"));
  options.allowed_sets = copy_array<uint8_t>(o.Get("allowedSets"));
  return options;
}

Napi::Value open_trainer(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const TrainerOptions options = read_options(env, info[0].As<Napi::Object>());
  return open_training(info, [options] { return std::make_shared<Trainer>(options); });
}

Napi::Value training_obstacle_of(const Napi::CallbackInfo& info) {
  const TrainerOptions options = read_options(info.Env(), info[0].As<Napi::Object>());
  return run_async<std::string>(
      info.Env(), [options] { return training_obstacle(options); },
      [](Napi::Env env, std::string& obstacle) -> Napi::Value {
        return Napi::String::New(env, obstacle);
      });
}

Napi::Value trainer_memory(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  TrainerOptions options = read_options(env, info[0].As<Napi::Object>());
  options.measured = true;
  const auto shape = info[1].As<Napi::Object>();
  const int64_t n = shape.Get("nTokens").As<Napi::Number>().Int64Value();
  const int64_t longest = shape.Get("longestGroup").As<Napi::Number>().Int64Value();
  return run_async<TrainerMemory>(
      env, [options, n, longest] { return Trainer(options).memory(n, longest); },
      [](Napi::Env env, TrainerMemory& memory) -> Napi::Value {
        const auto o = Napi::Object::New(env);
        const auto set = [&](const char* name, size_t bytes) {
          o.Set(name, Napi::Number::New(env, static_cast<double>(bytes)));
        };
        set("weights", memory.weights);
        set("reading", memory.reading);
        set("adapter", memory.adapter);
        set("graph", memory.graph);
        set("work", memory.work);
        return o;
      });
}

}  // namespace

Napi::Value open_training(const Napi::CallbackInfo& info,
                          const std::function<std::shared_ptr<Training>()>& open) {
  auto* constructor = static_cast<Napi::FunctionReference*>(info.Data());
  return run_async<std::shared_ptr<Training>>(
      info.Env(), open,
      [constructor](Napi::Env env, std::shared_ptr<Training>& trainer) -> Napi::Value {
        return constructor->New({Napi::External<std::shared_ptr<Training>>::New(env, &trainer)});
      });
}

void register_trainer(Napi::Env env, Napi::Object exports) {
  auto* constructor = new Napi::FunctionReference(Napi::Persistent(TrainerHandle::define(env)));
  env.AddCleanupHook([constructor] { delete constructor; });
  exports.Set("openTrainer", Napi::Function::New(env, open_trainer, "openTrainer", constructor));
  register_full_trainer(env, exports, constructor);
  exports.Set("trainerMemory", Napi::Function::New(env, trainer_memory, "trainerMemory"));
  exports.Set("trainingObstacle",
              Napi::Function::New(env, training_obstacle_of, "trainingObstacle"));
}

}  // namespace harmonic
