#include "engine/tensor-store.h"

#include "engine/error.h"
#include "engine/runtime.h"
#include "ggml-alloc.h"

namespace harmonic {

TensorStore::TensorStore(int n_tensors)
    : context_(ggml_init({ggml_tensor_overhead() * n_tensors, nullptr, true})) {}

TensorStore::~TensorStore() {
  ggml_backend_buffer_free(buffer_);
  ggml_free(context_);
}

ggml_tensor* TensorStore::add(ggml_type type, int64_t ne0, int64_t ne1, int64_t ne2) {
  return ggml_new_tensor_3d(context_, type, ne0, ne1, ne2);
}

void TensorStore::allocate(const DeviceBackend& backend, const std::string& what) {
  if (!ggml_get_first_tensor(context_)) return;
  backend.expect_memory(ggml_backend_alloc_ctx_tensors_from_buft_size(
                            context_, ggml_backend_get_default_buffer_type(backend.get())),
                        what);
  take_log();
  buffer_ = ggml_backend_alloc_ctx_tensors(context_, backend.get());
  if (!buffer_) {
    throw Error("E_MODEL",
                "not enough memory on " + backend.name() + " for " + what + ": " + take_log(),
                "use fewer rows at once (--n-sequences), a smaller base, or the device cpu");
  }
  ggml_backend_buffer_clear(buffer_, 0);
}

}  // namespace harmonic
