#include "engine/runtime.h"

#include <faiss/Index.h>
#include <ggml-backend.h>
#include <ggml.h>
#include <linear.h>
#include <llama.h>
#include <xgboost/c_api.h>

#include <cstdio>
#include <cstdlib>
#include <mutex>

#include "engine/error.h"

namespace harmonic {
namespace {

constexpr size_t kMaxLogBytes = 4096;

std::mutex log_mutex;
std::string log_text;
/** Level of the line being logged: GGML_LOG_LEVEL_CONT continues it. */
ggml_log_level log_level = GGML_LOG_LEVEL_NONE;

void on_log(ggml_log_level level, const char* text, void*) {
  static const bool debug = std::getenv("HARMONIC_DEBUG") != nullptr;
  std::lock_guard<std::mutex> lock(log_mutex);
  if (level != GGML_LOG_LEVEL_CONT) log_level = level;
  if (debug) std::fputs(text, stderr);
  const bool kept = log_level == GGML_LOG_LEVEL_ERROR || log_level == GGML_LOG_LEVEL_WARN;
  if (kept && log_text.size() < kMaxLogBytes) log_text += text;
}

std::string dotted(int major, int minor, int patch) {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

}  // namespace

LibraryVersions library_versions() {
  int major = 0;
  int minor = 0;
  int patch = 0;
  XGBoostVersion(&major, &minor, &patch);
  LibraryVersions versions;
  versions.llama =
      std::string(HARMONIC_LLAMA_VERSION) + "-" + std::string(HARMONIC_LLAMA_COMMIT).substr(0, 7);
  versions.faiss = dotted(FAISS_VERSION_MAJOR, FAISS_VERSION_MINOR, FAISS_VERSION_PATCH);
  versions.xgboost = dotted(major, minor, patch);
  versions.liblinear =
      std::to_string(LIBLINEAR_VERSION / 100) + "." + std::to_string(LIBLINEAR_VERSION % 100);
  return versions;
}

std::vector<std::string> load_backends(const std::string& directory) {
  static std::once_flag once;
  std::call_once(once, [&] {
    ggml_log_set(on_log, nullptr);
    llama_log_set(on_log, nullptr);
    ggml_backend_load_all_from_path(directory.c_str());
    llama_backend_init();
  });
  if (ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU) == nullptr) {
    throw Error("E_NATIVE", "expected a CPU backend of ggml in " + directory + " but found none",
                "run: npm run setup");
  }
  std::vector<std::string> names;
  for (size_t i = 0; i < ggml_backend_dev_count(); i++) {
    names.emplace_back(ggml_backend_dev_name(ggml_backend_dev_get(i)));
  }
  return names;
}

std::string take_log() {
  std::lock_guard<std::mutex> lock(log_mutex);
  std::string text;
  text.swap(log_text);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace harmonic
