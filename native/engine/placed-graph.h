#pragma once
#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <type_traits>

#include "engine/device-backend.h"
#include "ggml-backend.h"

namespace harmonic {

/**
 * A graph with its places and memory on a device, to be computed as often as wanted: nothing of it
 * moves, so that a backend that records what it does (CUDA) can play it again. What the device has
 * no kernel for is given to the processor by ggml's scheduler.
 */
class PlacedGraph {
 public:
  /** Throws Error E_MODEL where there is too little memory, or the device cannot change what lies
   * on it. The graph must outlive this. */
  PlacedGraph(const DeviceBackend& backend, ggml_cgraph* graph);

  /** Throws Error E_ABORTED where it was ended, E_NATIVE where it failed. */
  void compute() const;
  /** Operations that the device lacks, by name. */
  const std::set<std::string>& on_cpu() const { return on_cpu_; }

 private:
  using Scheduler =
      std::unique_ptr<std::remove_pointer_t<ggml_backend_sched_t>, void (*)(ggml_backend_sched_t)>;

  Scheduler new_scheduler() const;
  size_t bytes() const;
  void place();

  const DeviceBackend& backend_;
  ggml_cgraph* graph_;
  Scheduler scheduler_;
  std::set<std::string> on_cpu_;
};

}  // namespace harmonic
