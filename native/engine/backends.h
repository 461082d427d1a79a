#pragma once
#include <string>
#include <vector>

#include "ggml-backend.h"

namespace harmonic {

/** What ggml can compute on. */
struct Device {
  std::string name;         // ggml's, e.g. "CUDA0"; unique
  std::string description;  // of the hardware
  std::string backend;      // "CPU", "CUDA", "Vulkan", "MTL"
  std::string type;         // "cpu", "gpu", "igpu" (shares the system's memory) or "accel"
  // bytes; 0 where the backend cannot tell
  size_t memory_free = 0;
  size_t memory_total = 0;
};

/** The devices of the backends that are loaded. */
std::vector<Device> devices();

/**
 * Loads a backend of ggml from a library and returns its name. `needs` are libraries that it asks
 * the system for, by path, where they lie in no folder that the system looks in. Loading it again
 * changes nothing. Throws Error E_NATIVE with the system's or ggml's reason, also where the backend
 * was built against another version of ggml's interface.
 */
std::string load_backend(const std::string& path, const std::vector<std::string>& needs);

/** Why a shared library of the system cannot be loaded by this name; empty where it can. */
std::string library_obstacle(const std::string& name);

/** Instruction sets that the CPU backend which was picked makes use of. */
std::vector<std::string> cpu_features();

/** The device of this name, null for an empty one. Throws Error E_NATIVE where there is none. */
ggml_backend_dev_t find_device(const std::string& name);

}  // namespace harmonic
