#include "engine/scheduler.h"

#include <exception>

#include "engine/graph-node.h"
#include "engine/runtime.h"

namespace harmonic {

GraphPlaces::GraphPlaces(ggml_cgraph* graph, ggml_backend_t device, ggml_backend_t cpu) {
  for (int i = 0; i < ggml_graph_n_nodes(graph); i++) {
    ggml_tensor* node = ggml_graph_node(graph, i);
    if (is_view(node)) continue;
    const bool supported = ggml_backend_supports_op(device, node);
    of.emplace_back(node, supported ? device : cpu);
    if (supported) continue;
    on_cpu.insert(operation_of(node));
    if (device == cpu || (node->view_src && node->view_src->buffer)) stuck = operation_of(node);
  }
}

Scheduler::Scheduler(ggml_backend_t device, ggml_backend_t cpu, size_t n_nodes)
    : n_nodes_(n_nodes), scheduler_(nullptr, ggml_backend_sched_free) {
  ggml_backend_t backends[] = {device, cpu};
  scheduler_.reset(
      ggml_backend_sched_new(backends, nullptr, device == cpu ? 1 : 2, 2 * n_nodes, false, false));
}

void Scheduler::assign(const GraphPlaces& places) {
  ggml_backend_sched_reset(scheduler_.get());
  for (const auto& [node, backend] : places.of)
    ggml_backend_sched_set_tensor_backend(scheduler_.get(), node, backend);
}

size_t Scheduler::measure(ggml_cgraph* graph, const GraphPlaces& places) {
  assign(places);
  size_t sizes[2] = {};
  ggml_backend_sched_reserve_size(scheduler_.get(), graph, sizes);
  return sizes[0];
}

bool Scheduler::allocate(ggml_cgraph* graph, const GraphPlaces& places) {
  assign(places);
  take_log();
  return ggml_backend_sched_alloc_graph(scheduler_.get(), graph);
}

ggml_status Scheduler::compute(ggml_cgraph* graph, std::string& reason) {
  take_log();
  try {
    const ggml_status status = ggml_backend_sched_graph_compute(scheduler_.get(), graph);
    if (status != GGML_STATUS_SUCCESS) reason = take_log();
    return status;
  } catch (const std::exception& error) {  // of the driver, as Vulkan's of a device that is lost
    reason = error.what();
    return GGML_STATUS_FAILED;
  }
}

}  // namespace harmonic
