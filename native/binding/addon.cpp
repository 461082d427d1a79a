#include <napi.h>

#include "binding/async.h"
#include "engine/runtime.h"

namespace harmonic {

void register_devices(Napi::Env env, Napi::Object exports);
void register_knn(Napi::Env env, Napi::Object exports);
void register_learners(Napi::Env env, Napi::Object exports);
void register_merger(Napi::Env env, Napi::Object exports);
void register_model(Napi::Env env, Napi::Object exports);
void register_trainer(Napi::Env env, Napi::Object exports);

namespace {

Napi::Value versions(const Napi::CallbackInfo& info) {
  const LibraryVersions libraries = library_versions();
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("addon", HARMONIC_VERSION);
  result.Set("llama", libraries.llama);
  result.Set("faiss", libraries.faiss);
  result.Set("xgboost", libraries.xgboost);
  result.Set("liblinear", libraries.liblinear);
  return result;
}

Napi::Value load_backends_js(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const std::string directory = info[0].As<Napi::String>().Utf8Value();
  const auto names = translate_errors(env, [&] { return load_backends(directory); });
  Napi::Array result = Napi::Array::New(env, names.size());
  for (size_t i = 0; i < names.size(); i++) result.Set(static_cast<uint32_t>(i), names[i]);
  return result;
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("versions", Napi::Function::New(env, versions, "versions"));
  exports.Set("loadBackends", Napi::Function::New(env, load_backends_js, "loadBackends"));
  register_devices(env, exports);
  register_knn(env, exports);
  register_learners(env, exports);
  register_merger(env, exports);
  register_model(env, exports);
  register_trainer(env, exports);
  return exports;
}

}  // namespace
}  // namespace harmonic

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  return harmonic::init(env, exports);
}
NODE_API_MODULE(harmonic, Init)
