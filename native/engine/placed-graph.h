#pragma once
#include <memory>
#include <set>
#include <string>

#include "engine/device-backend.h"
#include "engine/graph-memory.h"

namespace harmonic {

/**
 * A graph with its places and memory on a device, to be computed as often as wanted: nothing of it
 * moves, so that a backend that records what it does (CUDA) can play it again.
 */
class PlacedGraph {
 public:
  /**
   * Errors as of GraphMemory::place. Once another graph is placed in the same memory this one is
   * not to be computed any more. The graph must outlive this.
   */
  PlacedGraph(const DeviceBackend& backend, ggml_cgraph* graph,
              std::shared_ptr<GraphMemory> memory);
  /** In a memory of its own. */
  PlacedGraph(const DeviceBackend& backend, ggml_cgraph* graph);

  /** Throws Error E_ABORTED where it was ended, E_NATIVE where it failed. */
  void compute() const;
  /** Operations that the device lacks, by name. */
  const std::set<std::string>& on_cpu() const { return on_cpu_; }

 private:
  const DeviceBackend& backend_;
  ggml_cgraph* graph_;
  std::shared_ptr<GraphMemory> memory_;
  std::set<std::string> on_cpu_;
};

}  // namespace harmonic
