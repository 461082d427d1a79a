#include "engine/merger.h"

#include <napi.h>

#include "binding/async.h"

namespace harmonic {
namespace {

class MergerHandle final : public Napi::ObjectWrap<MergerHandle> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(
        env, "MergerHandle",
        {InstanceMethod<&MergerHandle::plan>("plan"), InstanceMethod<&MergerHandle::step>("step"),
         InstanceMethod<&MergerHandle::close>("close")});
  }

  explicit MergerHandle(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<MergerHandle>(info),
        merger_(*info[0].As<Napi::External<std::shared_ptr<Merger>>>().Data()) {}

 private:
  std::shared_ptr<Merger> open(Napi::Env env) const {
    if (!merger_) throw to_js_error(env, Error("E_USAGE", "the merger is closed"));
    return merger_;
  }

  Napi::Value plan(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    const auto merger = open(env);
    Napi::Array conversions = Napi::Array::New(env);
    for (const MergerConversion& conversion : merger->conversions()) {
      Napi::Object entry = Napi::Object::New(env);
      entry.Set("from", conversion.from);
      entry.Set("to", conversion.to);
      entry.Set("nTensors", conversion.n_tensors);
      conversions.Set(conversions.Length(), entry);
    }
    Napi::Object plan = Napi::Object::New(env);
    plan.Set("size", static_cast<double>(merger->size()));
    plan.Set("nMerged", merger->n_merged());
    plan.Set("conversions", conversions);
    return plan;
  }

  Napi::Value step(const Napi::CallbackInfo& info) {
    const auto merger = open(info.Env());
    return run_async<int64_t>(
        info.Env(), [merger] { return merger->step(); },
        [](Napi::Env env, int64_t& written) -> Napi::Value {
          return Napi::Number::New(env, static_cast<double>(written));
        });
  }

  void close(const Napi::CallbackInfo&) { merger_.reset(); }

  std::shared_ptr<Merger> merger_;
};

Napi::Value open_merger(const Napi::CallbackInfo& info) {
  const auto object = info[0].As<Napi::Object>();
  MergerOptions options;
  options.base = object.Get("base").As<Napi::String>();
  options.adapter = object.Get("adapter").As<Napi::String>();
  options.out = object.Get("out").As<Napi::String>();
  if (object.Get("type").IsString()) options.type = object.Get("type").As<Napi::String>();
  options.threads = object.Get("threads").As<Napi::Number>();
  auto* merger_class = static_cast<Napi::FunctionReference*>(info.Data());
  return run_async<std::shared_ptr<Merger>>(
      info.Env(), [options] { return std::make_shared<Merger>(options); },
      [merger_class](Napi::Env env, std::shared_ptr<Merger>& merger) -> Napi::Value {
        return merger_class->New({Napi::External<std::shared_ptr<Merger>>::New(env, &merger)});
      });
}

}  // namespace

void register_merger(Napi::Env env, Napi::Object exports) {
  auto* merger_class = new Napi::FunctionReference(Napi::Persistent(MergerHandle::define(env)));
  env.AddCleanupHook([merger_class] { delete merger_class; });
  exports.Set("openMerger", Napi::Function::New(env, open_merger, "openMerger", merger_class));
}

}  // namespace harmonic
