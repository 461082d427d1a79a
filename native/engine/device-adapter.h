#pragma once
#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

#include "engine/adapter.h"
#include "ggml-backend.h"
#include "ggml.h"

namespace harmonic {

// The matrices of a LoraGroup on a device. Those B of its members are one, each in rows and columns
// of its own and zeros elsewhere, so that B z is one product.
struct DeviceLora {
  ggml_tensor *a, *a_grad;           // [n_in, rank * members]
  ggml_tensor* b;                    // [rank * members, n_out]
  std::vector<ggml_tensor*> b_grad;  // of each member: [rank, its n_out], a view
};

// The part of such a B that a member has, as a view.
ggml_tensor* block_of(ggml_context* c, ggml_tensor* b, const LoraGroup& group, size_t member);

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
  const DeviceLora& of(const LoraGroup& group) const { return groups_.at(&group); }

  // As Parameters::update.
  double update(const AdamWOptions& options, const Compute& compute);
  // Brings values and moments to the device, where gradients are zero then.
  void upload();
  // Brings values and moments to the adapter.
  void download() const;

 private:
  // Where a parameter lies in the rows: `n` values `times` over, `stride` apart.
  struct Place {
    int64_t at, n, times, stride;
  };
  // Values that follow each other in a row, in a parameter, and in the moments of all.
  struct Run {
    int64_t in_row, in_parameter, in_moments, n;
  };
  // Tells the places of a group's parameters, given those of its matrices.
  void place(const LoraGroup& group, int64_t a_at, int64_t b_at);
  void each_run(const std::function<void(const Parameter&, const Run&)>& call) const;
  double gradient_norm(const Compute& compute) const;

  Adapter& adapter_;
  ggml_context* context_ = nullptr;
  ggml_backend_buffer_t buffer_ = nullptr;
  // shape (n), n a multiple of kLine: matrices with gaps behind them, which stay zero
  ggml_tensor *values_, *gradients_, *first_, *second_;
  ggml_tensor* factors_;  // what ggml's AdamW asks for, (7)
  std::unordered_map<const LoraGroup*, DeviceLora> groups_;
  std::vector<Place> places_;  // of the parameters, in their order
};

}  // namespace harmonic
