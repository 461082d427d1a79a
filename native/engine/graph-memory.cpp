#include "engine/graph-memory.h"

#include <algorithm>

#include "engine/error.h"
#include "engine/runtime.h"

namespace harmonic {

GraphMemory::GraphMemory(const DeviceBackend& backend, size_t n_nodes)
    : backend_(backend), n_nodes_(n_nodes), scheduler_(new_scheduler()) {}

Scheduler GraphMemory::new_scheduler() const {
  return Scheduler(backend_.get(), backend_.cpu(), n_nodes_);
}

std::set<std::string> GraphMemory::place(ggml_cgraph* graph) {
  const GraphPlaces places(graph, backend_.get(), backend_.cpu());
  if (!places.stuck.empty()) {
    throw Error("E_MODEL", backend_.name() + " has no kernel for: " + places.stuck,
                "take the engine llama, or the device cpu");
  }
  // A scheduler puts copies into a graph that two backends share, which a second one cannot take.
  const size_t wanted = places.on_cpu.empty() ? new_scheduler().measure(graph, places) : 0;
  if (wanted > held_) backend_.expect_memory(wanted - held_, "the rows in flight");
  if (!scheduler_.allocate(graph, places)) {
    held_ = 0;
    throw Error(
        "E_MODEL",
        "not enough memory on " + backend_.name() + " for the rows in flight: " + take_log(),
        "use fewer rows at once (--n-sequences), or the device cpu");
  }
  held_ = std::max(held_, wanted);
  return places.on_cpu;
}

}  // namespace harmonic
