#pragma once
#include <cstddef>
#include <set>
#include <string>

#include "engine/device-backend.h"
#include "engine/scheduler.h"
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
   * scheduler. Returns these operations, by name. Throws Error E_MODEL where there is too little
   * memory, or the device cannot change what lies on it.
   */
  std::set<std::string> place(ggml_cgraph* graph);
  /** Computes the graph placed last, as Scheduler does. */
  ggml_status compute(ggml_cgraph* graph, std::string& reason) {
    return scheduler_.compute(graph, reason);
  }

 private:
  Scheduler new_scheduler() const;

  const DeviceBackend& backend_;
  size_t n_nodes_;
  Scheduler scheduler_;
  size_t held_ = 0;  // bytes on the device
};

}  // namespace harmonic
