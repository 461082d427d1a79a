#pragma once
#include <cstddef>
#include <functional>
#include <string>

#include "engine/cpu.h"
#include "ggml-backend.h"

namespace harmonic {

/**
 * A device of ggml, opened, with the processor beside it for what its backend has no kernel for.
 * Where no device is named the processor is the device.
 */
class DeviceBackend {
 public:
  /** `device` by ggml's name; empty: the processor. `threads` and `aborted` as of Cpu. Throws Error
   * E_NATIVE where it cannot be opened. */
  DeviceBackend(const std::string& device, int threads, std::function<bool()> aborted);
  ~DeviceBackend();
  DeviceBackend(const DeviceBackend&) = delete;
  DeviceBackend& operator=(const DeviceBackend&) = delete;

  ggml_backend_t get() const { return own_ ? own_ : cpu_.backend(); }
  ggml_backend_t cpu() const { return cpu_.backend(); }
  bool is_cpu() const { return own_ == nullptr; }
  bool aborted() const { return aborted_(); }
  /** As the end of a message: "the device CUDA0", "the processor". */
  std::string name() const { return own_ ? "the device " + name_ : "the processor"; }
  /** Throws Error E_MODEL where a device is known not to have so many bytes free; `what` names
   * them. */
  void expect_memory(size_t bytes, const std::string& what) const;

 private:
  const std::string name_;
  const std::function<bool()> aborted_;
  Cpu cpu_;
  ggml_backend_t own_ = nullptr;  // null: the processor
};

}  // namespace harmonic
