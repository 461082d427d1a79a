#include "engine/placed-graph.h"

#include <exception>
#include <vector>

#include "engine/error.h"
#include "engine/graph-node.h"
#include "engine/runtime.h"

namespace harmonic {
PlacedGraph::PlacedGraph(const DeviceBackend& backend, ggml_cgraph* graph)
    : backend_(backend), graph_(graph), scheduler_(nullptr, ggml_backend_sched_free) {
  backend.expect_memory(bytes(), "the rows in flight");
  scheduler_ = new_scheduler();
  place();
  take_log();
  if (ggml_backend_sched_alloc_graph(scheduler_.get(), graph)) return;
  throw Error("E_MODEL",
              "not enough memory on " + backend.name() + " for the rows in flight: " + take_log(),
              "use fewer rows at once (--n-sequences), or the device cpu");
}

PlacedGraph::Scheduler PlacedGraph::new_scheduler() const {
  std::vector<ggml_backend_t> backends = {backend_.get()};
  if (!backend_.is_cpu()) backends.push_back(backend_.cpu());
  const size_t size = 2 * static_cast<size_t>(ggml_graph_size(graph_));
  return Scheduler(ggml_backend_sched_new(backends.data(), nullptr,
                                          static_cast<int>(backends.size()), size, false, false),
                   ggml_backend_sched_free);
}

/** On the device. */
size_t PlacedGraph::bytes() const {
  // by one of its own: what it has measured is not to be allocated
  const Scheduler scheduler = new_scheduler();
  size_t sizes[2] = {};
  ggml_backend_sched_reserve_size(scheduler.get(), graph_, sizes);
  return sizes[0];
}

void PlacedGraph::place() {
  for (int i = 0; i < ggml_graph_n_nodes(graph_); i++) {
    ggml_tensor* node = ggml_graph_node(graph_, i);
    if (is_view(node)) continue;
    const bool supported = ggml_backend_supports_op(backend_.get(), node);
    if (!supported) {
      on_cpu_.insert(operation_of(node));
      if (backend_.is_cpu() || (node->view_src && node->view_src->buffer)) {
        throw Error("E_MODEL", backend_.name() + " has no kernel for: " + operation_of(node),
                    "take the engine llama, or the device cpu");
      }
    }
    ggml_backend_sched_set_tensor_backend(scheduler_.get(), node,
                                          supported ? backend_.get() : backend_.cpu());
  }
}

void PlacedGraph::compute() const {
  take_log();
  ggml_status status = GGML_STATUS_FAILED;
  std::string reason;
  try {
    status = ggml_backend_sched_graph_compute(scheduler_.get(), graph_);
    reason = take_log();
  } catch (const std::exception& error) {  // of the driver, as Vulkan's of a device that is lost
    reason = error.what();
  }
  if (backend_.aborted()) throw Error("E_ABORTED", "sampling was interrupted");
  if (status == GGML_STATUS_SUCCESS) return;
  throw Error("E_NATIVE",
              "sampling failed on " + backend_.name() + (reason.empty() ? "" : ": " + reason),
              "the rows finished are kept: go on with fewer at once by --n-sequences, or with "
              "--device cpu");
}

}  // namespace harmonic
