#pragma once
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/device-adapter.h"
#include "engine/device-ops.h"
#include "engine/scheduler.h"
#include "ggml-backend.h"

namespace harmonic {

// Computes training graphs on a device. What its backend has no kernel for is given to the CPU by
// ggml's scheduler, which copies between them.
class DeviceRunner {
 public:
  // Nodes and views that DeviceOps and the builder make of a block, forward twice and backward.
  static constexpr size_t kNodesPerLayer = 640;

  // `device` by ggml's name; `cpu` outlives it. Throws Error E_NATIVE where it cannot be opened.
  DeviceRunner(const std::string& device, ggml_backend_t cpu);
  ~DeviceRunner();
  DeviceRunner(const DeviceRunner&) = delete;
  DeviceRunner& operator=(const DeviceRunner&) = delete;

  ggml_backend_t backend() const { return backend_; }
  // What is trained; before ops(). Throws Error E_NATIVE where the device cannot update it.
  void hold(Adapter& adapter, bool measured);
  // What may be predicted, as of AllowedMask; before ops().
  void allow(const std::vector<uint8_t>& allowed, int64_t n_ids, bool measured);
  DeviceAdapter& adapter() { return *adapter_; }
  const AllowedMask& mask() const { return *mask_; }

  std::unique_ptr<TrainOps> ops(ggml_context* c, ggml_cgraph* graph, const Weights& weights,
                                const BatchShape& shape) const;
  // Where a graph's nodes are computed; notes which operations the CPU will compute.
  GraphPlaces look_at(ggml_cgraph* graph);
  // Gives a training pass its places and memory, which the one before loses; false where there is
  // not enough.
  bool allocate(ggml_cgraph* graph) { return allocate(graph, passes_); }
  // Computes the pass allocated last, as often as wanted. Throws Error E_NATIVE where it fails.
  void compute(ggml_cgraph* graph) { compute(graph, *passes_, "training"); }

  // As Parameters::update.
  double update(const AdamWOptions& options);

  // Operations of the graphs seen so far that the device lacks, by name.
  const std::set<std::string>& on_cpu() const { return on_cpu_; }

 private:
  bool allocate(ggml_cgraph* graph, std::unique_ptr<Scheduler>& scheduler);
  // `what` names the work.
  void compute(ggml_cgraph* graph, Scheduler& scheduler, const std::string& what);

  const std::string name_;
  ggml_backend_t backend_;
  ggml_backend_t cpu_;
  std::unique_ptr<Scheduler> passes_, updates_;  // with the memory of the graphs
  std::unique_ptr<DeviceAdapter> adapter_;
  std::unique_ptr<AllowedMask> mask_;
  std::set<std::string> on_cpu_;
};

}  // namespace harmonic
