#pragma once
#include <map>
#include <memory>
#include <vector>

#include "engine/device-backend.h"
#include "engine/tensor-store.h"
#include "engine/weights.h"

namespace harmonic {

/**
 * Keys and values of many sequences on a device, each in a slot of its own. Keys lie position
 * behind position; values too where they are read by ggml's fused attention, else dimension behind
 * dimension, as a product takes them.
 */
class DeviceCache {
 public:
  /** `capacity`: positions of a sequence. Throws Error E_MODEL where there is no memory for it. */
  DeviceCache(const DeviceBackend& backend, const Hyperparameters& hp, int n_slots, int capacity,
              ggml_type type);

  ggml_tensor* keys(int layer) const { return keys_[layer]; }      // [kv_dim, positions, slots]
  ggml_tensor* values(int layer) const { return values_[layer]; }  // or [positions, kv_dim, slots]
  /** Whether a backend has fused attention over it. */
  bool is_fused() const { return fused_; }
  int n_slots() const { return n_slots_; }
  /** Of a slot, more than its capacity. */
  int n_positions() const { return n_positions_; }
  int capacity() const { return capacity_; }
  /** The positions that a graph looks at where so many are in use: few numbers for many. */
  int positions_for(int n) const;
  /** A position that no token has: what is written there is never read. */
  int unused_position() const { return capacity_; }

  ~DeviceCache();

  /** Makes each slot a copy of another, by slot; none that is read is written. */
  void copy(const std::map<int, int>& copies);

 private:
  class Copier;

  static bool can_fuse(const DeviceBackend& backend, const Hyperparameters& hp, ggml_type type);
  int whole_units(int n) const;

  const DeviceBackend& backend_;
  const bool fused_;
  const int n_slots_, capacity_, n_positions_;
  TensorStore store_;
  std::vector<ggml_tensor*> keys_, values_;
  std::unique_ptr<Copier> copier_;
};

}  // namespace harmonic
