#include "engine/adapter-mirror.h"

#include <vector>

#include "engine/error.h"

namespace harmonic {

AdapterMirror::AdapterMirror(const Adapter& adapter, ggml_backend_t backend, bool measured) {
  std::vector<const ggml_tensor*> matrices;
  for (const LayerAdapter& layer : adapter.layers) {
    for (const LoraGroup* group : {&layer.qkv, &layer.output, &layer.gate_up, &layer.down}) {
      if (group->empty()) continue;
      matrices.push_back(group->a);
      for (const LoraMember& member : group->members) matrices.push_back(member.b);
    }
  }
  context_ = ggml_init({ggml_tensor_overhead() * (matrices.size() + 1), nullptr, true});
  for (const ggml_tensor* matrix : matrices) {
    ggml_tensor* copy = ggml_dup_tensor(context_, matrix);
    // as of Weights: not the graph's to place
    if (measured) copy->data = this;
    copies_[matrix] = copy;
  }
  if (measured) return;
  buffer_ = ggml_backend_alloc_ctx_tensors(context_, backend);
  if (!buffer_) {
    ggml_free(context_);
    throw Error("E_MODEL", "not enough memory for the adapter on the device",
                "use a smaller rank, or the device cpu");
  }
}

AdapterMirror::~AdapterMirror() {
  ggml_backend_buffer_free(buffer_);
  ggml_free(context_);
}

void AdapterMirror::upload() const {
  for (const auto& [matrix, copy] : copies_) {
    ggml_backend_tensor_set(copy, matrix->data, 0, ggml_nbytes(copy));
  }
}

}  // namespace harmonic
