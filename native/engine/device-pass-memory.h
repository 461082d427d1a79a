#pragma once
#include <cstddef>
#include <memory>

#include "engine/device-backend.h"
#include "engine/device-model.h"
#include "engine/graph-memory.h"
#include "engine/tensor-store.h"

namespace harmonic {

/**
 * What a pass takes of a device beside weights, keys and values; passes that are made one after
 * another, of which the last alone is run, can share it.
 */
struct PassMemory {
  PassMemory(const DeviceBackend& backend, const DeviceModel& model, int n_inputs);

  size_t n_nodes;  // of a graph, at most
  TensorStore store;
  ggml_tensor* inputs;  // [n_inputs]
  std::shared_ptr<GraphMemory> graph;
};

}  // namespace harmonic
