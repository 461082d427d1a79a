#pragma once
#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
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
   * scheduler. Returns these operations, by name. Throws Error E_MODEL where there is too little
   * memory, or the device cannot change what lies on it.
   */
  std::set<std::string> place(ggml_cgraph* graph);
  /** Computes the graph placed last. */
  ggml_status compute(ggml_cgraph* graph);

 private:
  /** What computes each node of a graph, and the operations that are left to the processor. */
  struct Places {
    std::vector<std::pair<ggml_tensor*, ggml_backend_t>> of;
    std::set<std::string> on_cpu;
  };
  using Scheduler =
      std::unique_ptr<std::remove_pointer_t<ggml_backend_sched_t>, void (*)(ggml_backend_sched_t)>;

  Scheduler new_scheduler() const;
  Places places_of(ggml_cgraph* graph) const;
  static void assign(ggml_backend_sched_t scheduler, const Places& places);
  size_t bytes(ggml_cgraph* graph, const Places& places) const;

  const DeviceBackend& backend_;
  size_t n_nodes_;
  Scheduler scheduler_;
  size_t held_ = 0;  // bytes on the device
};

}  // namespace harmonic
