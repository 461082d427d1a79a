#pragma once
#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

#include "engine/adapter.h"
#include "ggml-backend.h"
#include "ggml.h"

namespace harmonic {

// An adapter on a device: its matrices, their gradients and AdamW's moments, each kind in one row
// of memory so that an update is a few operations. The adapter in the system's memory is what it
// begins with, and gets it back where it is asked for.
class DeviceAdapter {
 public:
  // Allocates and computes a graph on the device.
  using Compute = std::function<void(ggml_cgraph*)>;

  // Uploads the adapter, which outlives this. `measured`: shapes alone, see WeightsOptions. Throws
  // Error E_MODEL where the device's memory is too little.
  DeviceAdapter(Adapter& adapter, ggml_backend_t backend, bool measured);
  ~DeviceAdapter();
  DeviceAdapter(const DeviceAdapter&) = delete;
  DeviceAdapter& operator=(const DeviceAdapter&) = delete;

  // Held on the device, or that would be.
  size_t bytes() const { return 4 * ggml_nbytes(values_) + ggml_nbytes(factors_); }
  // A or B on the device.
  ggml_tensor* of(const ggml_tensor* matrix) const { return copies_.at(matrix).value; }
  // Adds to the gradient of A or B, in place.
  ggml_tensor* add_gradient(ggml_context* c, const ggml_tensor* matrix,
                            ggml_tensor* computed) const;

  // As Parameters::update.
  double update(const AdamWOptions& options, const Compute& compute);
  // Brings values and moments to the device, where gradients are zero then.
  void upload();
  // Brings values and moments to the adapter.
  void download() const;

 private:
  struct Copy {
    ggml_tensor *value, *gradient;
    int64_t at;  // in the rows
  };
  // Calls with each parameter of the adapter, its place in the rows and in the moments.
  void each_parameter(const std::function<void(const Parameter&, int64_t, int64_t)>& call) const;
  double gradient_norm(const Compute& compute) const;

  Adapter& adapter_;
  ggml_context* context_ = nullptr;
  ggml_backend_buffer_t buffer_ = nullptr;
  // shape (n), n a multiple of kLine: matrices with gaps behind them, which stay zero
  ggml_tensor *values_, *gradients_, *first_, *second_;
  ggml_tensor* factors_;  // what ggml's AdamW asks for, (7)
  std::unordered_map<const ggml_tensor*, Copy> copies_;
};

}  // namespace harmonic
