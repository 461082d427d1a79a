#include "engine/graph-memory.h"

#include <algorithm>

#include "engine/error.h"
#include "engine/graph-node.h"
#include "engine/runtime.h"

namespace harmonic {

GraphMemory::GraphMemory(const DeviceBackend& backend, size_t n_nodes)
    : backend_(backend), n_nodes_(n_nodes), scheduler_(new_scheduler()) {}

GraphMemory::Scheduler GraphMemory::new_scheduler() const {
  std::vector<ggml_backend_t> backends = {backend_.get()};
  if (!backend_.is_cpu()) backends.push_back(backend_.cpu());
  return Scheduler(
      ggml_backend_sched_new(backends.data(), nullptr, static_cast<int>(backends.size()),
                             2 * n_nodes_, false, false),
      ggml_backend_sched_free);
}

GraphMemory::Places GraphMemory::places_of(ggml_cgraph* graph) const {
  Places places;
  for (int i = 0; i < ggml_graph_n_nodes(graph); i++) {
    ggml_tensor* node = ggml_graph_node(graph, i);
    if (is_view(node)) continue;
    const bool supported = ggml_backend_supports_op(backend_.get(), node);
    places.of.emplace_back(node, supported ? backend_.get() : backend_.cpu());
    if (supported) continue;
    places.on_cpu.insert(operation_of(node));
    if (backend_.is_cpu() || (node->view_src && node->view_src->buffer)) {
      throw Error("E_MODEL", backend_.name() + " has no kernel for: " + operation_of(node),
                  "take the engine llama, or the device cpu");
    }
  }
  return places;
}

void GraphMemory::assign(ggml_backend_sched_t scheduler, const Places& places) {
  for (const auto& [node, backend] : places.of)
    ggml_backend_sched_set_tensor_backend(scheduler, node, backend);
}

/** On the device. */
size_t GraphMemory::bytes(ggml_cgraph* graph, const Places& places) const {
  // by one of its own: what it has measured is not to be allocated
  const Scheduler scheduler = new_scheduler();
  assign(scheduler.get(), places);
  size_t sizes[2] = {};
  ggml_backend_sched_reserve_size(scheduler.get(), graph, sizes);
  return sizes[0];
}

std::set<std::string> GraphMemory::place(ggml_cgraph* graph) {
  const Places places = places_of(graph);
  // A scheduler puts copies into a graph that two backends share, which a second one cannot take.
  const size_t wanted = places.on_cpu.empty() ? bytes(graph, places) : 0;
  if (wanted > held_) backend_.expect_memory(wanted - held_, "the rows in flight");
  ggml_backend_sched_reset(scheduler_.get());
  assign(scheduler_.get(), places);
  take_log();
  if (!ggml_backend_sched_alloc_graph(scheduler_.get(), graph)) {
    held_ = 0;
    throw Error(
        "E_MODEL",
        "not enough memory on " + backend_.name() + " for the rows in flight: " + take_log(),
        "use fewer rows at once (--n-sequences), or the device cpu");
  }
  held_ = std::max(held_, wanted);
  return places.on_cpu;
}

ggml_status GraphMemory::compute(ggml_cgraph* graph) {
  return ggml_backend_sched_graph_compute(scheduler_.get(), graph);
}

}  // namespace harmonic
