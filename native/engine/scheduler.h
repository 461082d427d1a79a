#pragma once
#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "ggml-backend.h"

namespace harmonic {

/** What computes each node of a graph: a device, or the processor where that has no kernel. */
struct GraphPlaces {
  GraphPlaces(ggml_cgraph* graph, ggml_backend_t device, ggml_backend_t cpu);

  std::vector<std::pair<ggml_tensor*, ggml_backend_t>> of;
  std::set<std::string> on_cpu;  // operations, by name
  // one of these that changes what lies on the device, which the processor cannot
  std::string stuck;
};

/** ggml's scheduler for one graph at a time, on a device and the processor. */
class Scheduler {
 public:
  /** device and cpu may be the same; n_nodes: of the largest graph */
  Scheduler(ggml_backend_t device, ggml_backend_t cpu, size_t n_nodes);

  size_t n_nodes() const { return n_nodes_; }
  /** Bytes that a graph would take on the device; it is not to be allocated by this one then. */
  size_t measure(ggml_cgraph* graph, const GraphPlaces& places);
  /** Gives a graph memory, which the one before loses; false where there is not enough. */
  bool allocate(ggml_cgraph* graph, const GraphPlaces& places);
  /** Computes the graph allocated last, as often as wanted; `reason` is the backend's, of a
   * failure. */
  ggml_status compute(ggml_cgraph* graph, std::string& reason);

 private:
  void assign(const GraphPlaces& places);

  size_t n_nodes_;
  std::unique_ptr<std::remove_pointer_t<ggml_backend_sched_t>, void (*)(ggml_backend_sched_t)>
      scheduler_;
};

}  // namespace harmonic
