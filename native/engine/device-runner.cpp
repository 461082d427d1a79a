#include "engine/device-runner.h"

#include "engine/backends.h"
#include "engine/error.h"
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
  passes_.reset();
  updates_.reset();
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

GraphPlaces DeviceRunner::look_at(ggml_cgraph* graph) {
  GraphPlaces places(graph, backend_, cpu_);
  on_cpu_.insert(places.on_cpu.begin(), places.on_cpu.end());
  return places;
}

bool DeviceRunner::allocate(ggml_cgraph* graph, std::unique_ptr<Scheduler>& scheduler) {
  const GraphPlaces places = look_at(graph);
  if (!places.stuck.empty()) {
    throw Error(
        "E_NATIVE",
        "the device " + name_ + " has no kernel for what changes its memory: " + places.stuck,
        "take the device cpu");
  }
  const auto size = static_cast<size_t>(ggml_graph_size(graph));
  if (!scheduler || size > scheduler->n_nodes()) {
    scheduler = nullptr;
    scheduler = std::make_unique<Scheduler>(backend_, cpu_, size);
  }
  return scheduler->allocate(graph, places);
}

void DeviceRunner::compute(ggml_cgraph* graph, Scheduler& scheduler, const std::string& what) {
  std::string reason;
  const ggml_status status = scheduler.compute(graph, reason);
  if (status == GGML_STATUS_SUCCESS || status == GGML_STATUS_ABORTED) return;
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
    compute(graph, *updates_, "the update of the adapter");
  });
}

}  // namespace harmonic
