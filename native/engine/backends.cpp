#include "engine/backends.h"

#ifdef _WIN32
#include <windows.h>
#else
#include <dlfcn.h>
#endif

#include <map>
#include <mutex>

#include "engine/error.h"
#include "engine/runtime.h"

namespace harmonic {
namespace {

std::string type_name(enum ggml_backend_dev_type type) {
  switch (type) {
    case GGML_BACKEND_DEVICE_TYPE_CPU:
      return "cpu";
    case GGML_BACKEND_DEVICE_TYPE_GPU:
      return "gpu";
    case GGML_BACKEND_DEVICE_TYPE_IGPU:
      return "igpu";
    default:
      return "accel";
  }
}

// Opens a library for good and returns the system's reason where it cannot.
std::string open_library(const std::string& path) {
#ifdef _WIN32
  if (LoadLibraryA(path.c_str()) != nullptr) return "";
  return "error " + std::to_string(GetLastError());
#else
  if (dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr) return "";
  const char* reason = dlerror();
  return reason != nullptr ? reason : "unknown reason";
#endif
}

}  // namespace

std::vector<Device> devices() {
  std::vector<Device> all;
  for (size_t i = 0; i < ggml_backend_dev_count(); i++) {
    ggml_backend_dev_t dev = ggml_backend_dev_get(i);
    Device device;
    device.name = ggml_backend_dev_name(dev);
    device.description = ggml_backend_dev_description(dev);
    device.backend = ggml_backend_reg_name(ggml_backend_dev_backend_reg(dev));
    device.type = type_name(ggml_backend_dev_type(dev));
    ggml_backend_dev_memory(dev, &device.memory_free, &device.memory_total);
    all.push_back(device);
  }
  return all;
}

std::string load_backend(const std::string& path, const std::vector<std::string>& needs) {
  static std::mutex mutex;
  static std::map<std::string, std::string> loaded;  // names by path
  const std::lock_guard<std::mutex> lock(mutex);
  if (const auto found = loaded.find(path); found != loaded.end()) return found->second;
  for (const std::string& library : needs) {
    const std::string reason = open_library(library);
    if (!reason.empty()) throw Error("E_NATIVE", library + " cannot be loaded: " + reason);
  }
  take_log();
  ggml_backend_reg_t registry = ggml_backend_load(path.c_str());
  if (registry == nullptr) {
    const std::string reason = take_log();
    throw Error("E_NATIVE", path + " cannot be used" + (reason.empty() ? "" : ": " + reason));
  }
  return loaded[path] = ggml_backend_reg_name(registry);
}

std::string library_obstacle(const std::string& name) { return open_library(name); }

std::vector<std::string> cpu_features() {
  ggml_backend_dev_t device = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
  const auto features_of =
      reinterpret_cast<ggml_backend_get_features_t>(ggml_backend_reg_get_proc_address(
          ggml_backend_dev_backend_reg(device), "ggml_backend_get_features"));
  std::vector<std::string> names;
  if (features_of == nullptr) return names;
  for (const auto* f = features_of(ggml_backend_dev_backend_reg(device)); f->name; f++) {
    if (std::string(f->value) != "0") names.emplace_back(f->name);
  }
  return names;
}

ggml_backend_dev_t find_device(const std::string& name) {
  if (name.empty()) return nullptr;
  ggml_backend_dev_t device = ggml_backend_dev_by_name(name.c_str());
  if (device != nullptr) return device;
  throw Error("E_NATIVE", "there is no device " + name + ": its backend has not been loaded",
              "harmonic doctor lists the devices of this machine");
}

}  // namespace harmonic
