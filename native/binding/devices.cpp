#include <napi.h>

#include "binding/async.h"
#include "engine/backends.h"
#include "engine/knn-gpu.h"

namespace harmonic {
namespace {

Napi::Value names_of(Napi::Env env, const std::vector<std::string>& names) {
  Napi::Array result = Napi::Array::New(env, names.size());
  for (size_t i = 0; i < names.size(); i++) result.Set(static_cast<uint32_t>(i), names[i]);
  return result;
}

Napi::Value list_devices(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto all = translate_errors(env, [] { return devices(); });
  Napi::Array result = Napi::Array::New(env, all.size());
  for (size_t i = 0; i < all.size(); i++) {
    const Device& device = all[i];
    Napi::Object object = Napi::Object::New(env);
    object.Set("name", device.name);
    object.Set("description", device.description);
    object.Set("backend", device.backend);
    object.Set("type", device.type);
    object.Set("memoryFree", static_cast<double>(device.memory_free));
    object.Set("memoryTotal", static_cast<double>(device.memory_total));
    result.Set(static_cast<uint32_t>(i), object);
  }
  return result;
}

Napi::Value load(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string path = info[0].As<Napi::String>();
  const auto array = info[1].As<Napi::Array>();
  std::vector<std::string> needs;
  for (uint32_t i = 0; i < array.Length(); i++)
    needs.push_back(static_cast<Napi::Value>(array[i]).As<Napi::String>());
  return Napi::String::New(env, translate_errors(env, [&] { return load_backend(path, needs); }));
}

Napi::Value obstacle(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), library_obstacle(info[0].As<Napi::String>()));
}

Napi::Value features(const Napi::CallbackInfo& info) {
  return names_of(info.Env(), cpu_features());
}

Napi::Value count_neighbor_gpus(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), neighbor_gpus());
}

}  // namespace

void register_devices(Napi::Env env, Napi::Object exports) {
  exports.Set("devices", Napi::Function::New(env, list_devices, "devices"));
  exports.Set("loadBackend", Napi::Function::New(env, load, "loadBackend"));
  exports.Set("libraryObstacle", Napi::Function::New(env, obstacle, "libraryObstacle"));
  exports.Set("neighborGpus", Napi::Function::New(env, count_neighbor_gpus, "neighborGpus"));
  exports.Set("cpuFeatures", Napi::Function::New(env, features, "cpuFeatures"));
}

}  // namespace harmonic
