#include "engine/placed-graph.h"

#include <utility>

#include "engine/error.h"

namespace harmonic {

PlacedGraph::PlacedGraph(const DeviceBackend& backend, ggml_cgraph* graph,
                         std::shared_ptr<GraphMemory> memory)
    : backend_(backend), graph_(graph), memory_(std::move(memory)) {
  on_cpu_ = memory_->place(graph);
}

PlacedGraph::PlacedGraph(const DeviceBackend& backend, ggml_cgraph* graph)
    : PlacedGraph(backend, graph, std::make_shared<GraphMemory>(backend, ggml_graph_size(graph))) {}

void PlacedGraph::compute() const {
  std::string reason;
  const ggml_status status = memory_->compute(graph_, reason);
  if (backend_.aborted()) throw Error("E_ABORTED", "sampling was interrupted");
  if (status == GGML_STATUS_SUCCESS) return;
  throw Error("E_NATIVE",
              "sampling failed on " + backend_.name() + (reason.empty() ? "" : ": " + reason),
              "the rows finished are kept: go on with fewer at once by --n-sequences, or with "
              "--device cpu");
}

}  // namespace harmonic
