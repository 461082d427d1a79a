#pragma once
#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "engine/device-backend.h"
#include "ggml-backend.h"

namespace harmonic {

/**
 * Memory on a device for the tensors of a graph, or of several of which the last placed alone is
 * computed: it is as large as the largest took, and does not move while others fit it.
 */
class GraphMemory {
 public:
  /** n_nodes: of the largest graph */
  GraphMemory(const DeviceBackend& backend, size_t n_nodes);

  /**
   * Gives a graph its places; what the device has no kernel for is given to the processor by ggml's
   * scheduler. `inputs` are tensors of the graph that are written from outside before each
   * computation; they lie on the device. Returns the operations that the device lacks, by name.
   * Throws Error E_MODEL where there is too little memory, or the device cannot change what lies on
   * it.
   */
  std::set<std::string> place(ggml_cgraph* graph, const std::vector<ggml_tensor*>& inputs);
  /** Computes the graph placed last. */
  ggml_status compute(ggml_cgraph* graph);

 private:
  using Scheduler =
      std::unique_ptr<std::remove_pointer_t<ggml_backend_sched_t>, void (*)(ggml_backend_sched_t)>;

  Scheduler new_scheduler() const;
  size_t bytes(ggml_cgraph* graph) const;

  const DeviceBackend& backend_;
  size_t n_nodes_;
  Scheduler scheduler_;
  size_t held_ = 0;  // bytes on the device
};

}  // namespace harmonic
