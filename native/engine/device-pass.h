#pragma once
#include <array>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/device-cache.h"
#include "engine/device-head.h"
#include "engine/device-model.h"
#include "engine/device-pass-inputs.h"
#include "engine/device-pass-memory.h"
#include "engine/placed-graph.h"

namespace harmonic {

/**
 * The model's forward pass over some tokens of the rows in a DeviceCache, as a graph of ggml's own
 * operations that a device keeps.
 */
class DevicePass {
 public:
  /** `memory` has room for the inputs. */
  DevicePass(const DeviceModel& model, const DeviceBackend& backend, const DeviceCache& cache,
             const DeviceHead& head, const PassShape& shape, std::shared_ptr<PassMemory> memory);

  const PassShape& shape() const { return shape_; }
  /** To be filled before run(): what it holds is what the last run had, or zeros. */
  int32_t* input(PassInput which) {
    return staged_.data() + layout_.begin[static_cast<int>(which)];
  }
  int size(PassInput which) const { return layout_.size[static_cast<int>(which)]; }
  /** Logits of a token: of the rows of the head that are chosen, or of all. */
  int n_logits() const { return logits_ ? static_cast<int>(logits_->ne[0]) : 0; }
  /** Writes the logits, shape (outputs, n_logits). */
  void run(float* logits);
  /** Operations that the device lacks, by name. */
  const std::set<std::string>& on_cpu() const { return placed_->on_cpu(); }

 private:
  class Builder;

  const PassShape shape_;
  const InputLayout layout_;
  std::shared_ptr<PassMemory> memory_;
  std::array<ggml_tensor*, kPassInputs> inputs_{};
  std::vector<int32_t> staged_;
  ggml_tensor* logits_ = nullptr;
  std::unique_ptr<ggml_context, void (*)(ggml_context*)> context_;
  std::unique_ptr<PlacedGraph> placed_;
};

}  // namespace harmonic
