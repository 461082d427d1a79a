#pragma once
#include <unordered_map>

#include "engine/adapter.h"
#include "ggml-backend.h"
#include "ggml.h"

namespace harmonic {

// The matrices of an adapter on a device. The adapter itself, its gradients and AdamW's moments
// stay in the system's memory, where they are updated.
class AdapterMirror {
 public:
  // `measured`: shapes alone, see WeightsOptions
  AdapterMirror(const Adapter& adapter, ggml_backend_t backend, bool measured);
  ~AdapterMirror();
  AdapterMirror(const AdapterMirror&) = delete;
  AdapterMirror& operator=(const AdapterMirror&) = delete;

  // A or B on the device.
  ggml_tensor* of(const ggml_tensor* matrix) const { return copies_.at(matrix); }
  // Brings the adapter's values to the device.
  void upload() const;

 private:
  ggml_context* context_ = nullptr;
  ggml_backend_buffer_t buffer_ = nullptr;
  std::unordered_map<const ggml_tensor*, ggml_tensor*> copies_;
};

}  // namespace harmonic
