#include "engine/device-pass-memory.h"

namespace harmonic {
namespace {

constexpr size_t kNodesPerLayer = 64;

}  // namespace

PassMemory::PassMemory(const DeviceBackend& backend, const DeviceModel& model, int n_inputs)
    : n_nodes(64 + kNodesPerLayer * model.weights().hp.n_layers),
      store(1),
      inputs(store.add(GGML_TYPE_I32, n_inputs)),
      graph(std::make_shared<GraphMemory>(backend, n_nodes)) {
  store.allocate(backend, "the rows in flight");
}

}  // namespace harmonic
