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

std::set<std::string> GraphMemory::lacking(ggml_cgraph* graph) const {
  std::set<std::string> lacking;
  for (int i = 0; i < ggml_graph_n_nodes(graph); i++) {
    const ggml_tensor* node = ggml_graph_node(graph, i);
    if (is_view(node) || ggml_backend_supports_op(backend_.get(), node)) continue;
    lacking.insert(operation_of(node));
    if (backend_.is_cpu() || (node->view_src && node->view_src->buffer)) {
      throw Error("E_MODEL", backend_.name() + " has no kernel for: " + operation_of(node),
                  "take the engine llama, or the device cpu");
    }
  }
  return lacking;
}

void GraphMemory::assign(ggml_backend_sched_t scheduler, ggml_cgraph* graph) const {
  for (int i = 0; i < ggml_graph_n_nodes(graph); i++) {
    ggml_tensor* node = ggml_graph_node(graph, i);
    if (is_view(node)) continue;
    const bool supported = ggml_backend_supports_op(backend_.get(), node);
    ggml_backend_sched_set_tensor_backend(scheduler, node,
                                          supported ? backend_.get() : backend_.cpu());
  }
}

/** On the device. */
size_t GraphMemory::bytes(ggml_cgraph* graph) const {
  // by one of its own: what it has measured is not to be allocated
  const Scheduler scheduler = new_scheduler();
  assign(scheduler.get(), graph);
  size_t sizes[2] = {};
  ggml_backend_sched_reserve_size(scheduler.get(), graph, sizes);
  return sizes[0];
}

std::set<std::string> GraphMemory::place(ggml_cgraph* graph) {
  std::set<std::string> on_cpu = lacking(graph);
  // A scheduler puts copies into a graph that two backends share, which a second one cannot take.
  const size_t wanted = on_cpu.empty() ? bytes(graph) : 0;
  if (wanted > held_) backend_.expect_memory(wanted - held_, "the rows in flight");
  ggml_backend_sched_reset(scheduler_.get());
  assign(scheduler_.get(), graph);
  take_log();
  if (!ggml_backend_sched_alloc_graph(scheduler_.get(), graph)) {
    held_ = 0;
    throw Error(
        "E_MODEL",
        "not enough memory on " + backend_.name() + " for the rows in flight: " + take_log(),
        "use fewer rows at once (--n-sequences), or the device cpu");
  }
  held_ = std::max(held_, wanted);
  return on_cpu;
}

ggml_status GraphMemory::compute(ggml_cgraph* graph) {
  return ggml_backend_sched_graph_compute(scheduler_.get(), graph);
}

}  // namespace harmonic
