#pragma once
#include <string>

#include "engine/device-backend.h"
#include "ggml.h"

namespace harmonic {

/** Tensors that stay on a device: declared first, then allocated together. */
class TensorStore {
 public:
  explicit TensorStore(int n_tensors);
  ~TensorStore();
  TensorStore(const TensorStore&) = delete;
  TensorStore& operator=(const TensorStore&) = delete;

  ggml_context* context() const { return context_; }
  ggml_tensor* add(ggml_type type, int64_t ne0, int64_t ne1 = 1, int64_t ne2 = 1);
  /** Gives all of them memory, of zeros. Throws Error E_MODEL where there is too little; `what`
   * names them. */
  void allocate(const DeviceBackend& backend, const std::string& what);

 private:
  ggml_context* context_;
  ggml_backend_buffer_t buffer_ = nullptr;
};

}  // namespace harmonic
