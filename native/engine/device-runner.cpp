#include "engine/device-runner.h"

#include <exception>

#include "engine/backends.h"
#include "engine/error.h"
#include "engine/graph-node.h"
#include "engine/runtime.h"

namespace harmonic {
DeviceRunner::DeviceRunner(const std::string& device, ggml_backend_t cpu)
    : name_(device), backend_(ggml_backend_dev_init(find_device(device), nullptr)), cpu_(cpu) {
  if (backend_) return;
  throw Error("E_NATIVE", "the device " + device + " cannot be opened: " + take_log(),
              "take the device cpu; harmonic doctor tells what this machine has");
}

DeviceRunner::~DeviceRunner() {
  adapter_.reset();
  mask_.reset();
  for (const Memory* memory : {&passes_, &updates_}) ggml_backend_sched_free(memory->scheduler);
  ggml_backend_free(backend_);
}

void DeviceRunner::hold(Adapter& adapter, bool measured) {
  adapter_ = std::make_unique<DeviceAdapter>(adapter, backend_, measured);
}

void DeviceRunner::allow(const std::vector<uint8_t>& allowed, int64_t n_ids, bool measured) {
  mask_ = std::make_unique<AllowedMask>(allowed, n_ids, backend_, measured);
}

std::unique_ptr<TrainOps> DeviceRunner::ops(ggml_context* c, ggml_cgraph* graph,
                                            const Weights& weights, const BatchShape& shape) const {
  return std::make_unique<DeviceOps>(c, graph, weights.hp, weights.rope_factors, *adapter_, *mask_,
                                     shape);
}

void DeviceRunner::look_at(ggml_cgraph* graph) {
  for (int i = 0; i < ggml_graph_n_nodes(graph); i++) {
    const ggml_tensor* node = ggml_graph_node(graph, i);
    if (!is_view(node) && !ggml_backend_supports_op(backend_, node))
      on_cpu_.insert(operation_of(node));
  }
}

bool DeviceRunner::allocate(ggml_cgraph* graph, Memory& memory) {
  const size_t size = 2 * static_cast<size_t>(ggml_graph_size(graph));
  if (size > memory.capacity) {
    ggml_backend_sched_free(memory.scheduler);
    ggml_backend_t backends[] = {backend_, cpu_};
    memory.scheduler = ggml_backend_sched_new(backends, nullptr, 2, size, false, false);
    memory.capacity = size;
  }
  look_at(graph);
  ggml_backend_sched_reset(memory.scheduler);
  for (int i = 0; i < ggml_graph_n_nodes(graph); i++) {
    ggml_tensor* node = ggml_graph_node(graph, i);
    if (is_view(node)) continue;
    const bool supported = ggml_backend_supports_op(backend_, node);
    if (!supported && node->view_src && node->view_src->buffer) {
      throw Error("E_NATIVE",
                  "the device " + name_ +
                      " has no kernel for what changes its memory: " + operation_of(node),
                  "take the device cpu");
    }
    ggml_backend_sched_set_tensor_backend(memory.scheduler, node, supported ? backend_ : cpu_);
  }
  return ggml_backend_sched_alloc_graph(memory.scheduler, graph);
}

void DeviceRunner::compute(ggml_cgraph* graph, const Memory& memory, const std::string& what) {
  take_log();
  std::string reason;
  try {
    const ggml_status status = ggml_backend_sched_graph_compute(memory.scheduler, graph);
    if (status == GGML_STATUS_SUCCESS || status == GGML_STATUS_ABORTED) return;
    reason = take_log();
  } catch (const std::exception& error) {  // of the driver, as Vulkan's of a device that is lost
    reason = error.what();
  }
  throw Error("E_NATIVE",
              what + " failed on the device " + name_ + (reason.empty() ? "" : ": " + reason),
              "take the device cpu, or less memory by --max-memory; the checkpoint is kept");
}

double DeviceRunner::update(const AdamWOptions& options) {
  return adapter_->update(options, [this](ggml_cgraph* graph) {
    if (!allocate(graph, updates_)) {
      throw Error("E_NATIVE", "not enough memory on the device " + name_ + " to update the adapter",
                  "use a smaller rank, or fewer tokens in a micro-batch");
    }
    compute(graph, updates_, "the update of the adapter");
  });
}

}  // namespace harmonic
