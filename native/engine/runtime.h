#pragma once

#include <string>
#include <vector>

namespace harmonic {

/** Versions of the libraries that the engine is built from. */
struct LibraryVersions {
  std::string llama;
  std::string faiss;
  std::string xgboost;
  std::string liblinear;
};

LibraryVersions library_versions();

/**
 * Loads ggml's backends from `directory`, the best CPU variant first, once in the life of the
 * process, and routes the logs of ggml and llama.cpp to `take_log`. Returns the names of the
 * devices. Throws Error E_NATIVE where there is no CPU device.
 */
std::vector<std::string> load_backends(const std::string& directory);

/**
 * The errors and warnings that ggml and llama.cpp have logged on this process since the last call,
 * at most a few lines: the reason that their API leaves out of a null result. Empties the log.
 */
std::string take_log();

}  // namespace harmonic
