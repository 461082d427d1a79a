#include "engine/device-slots.h"

#include <algorithm>

namespace harmonic {

DeviceSlots::DeviceSlots(int n_sequences)
    : slot_of_(n_sequences, -1), length_(n_sequences, 0), is_used_(n_sequences, false) {}

int DeviceSlots::slot(int sequence) {
  int& slot = slot_of_[sequence];
  if (slot < 0) {
    slot = static_cast<int>(std::find(is_used_.begin(), is_used_.end(), false) - is_used_.begin());
    is_used_[slot] = true;
  }
  return slot;
}

int DeviceSlots::extend(int sequence) {
  length_[sequence]++;
  return slot(sequence);
}

void DeviceSlots::clear() {
  std::fill(slot_of_.begin(), slot_of_.end(), -1);
  std::fill(length_.begin(), length_.end(), 0);
  std::fill(is_used_.begin(), is_used_.end(), false);
  copies_.clear();
}

void DeviceSlots::truncate(int sequence, int from) {
  length_[sequence] = std::min(length_[sequence], std::max(from, 0));
  if (length_[sequence] > 0 || slot_of_[sequence] < 0) return;
  copies_.erase(slot_of_[sequence]);
  is_used_[slot_of_[sequence]] = false;
  slot_of_[sequence] = -1;
}

bool DeviceSlots::copy(int from, int to) {
  if (from == to || length_[from] == 0) {
    if (from != to) truncate(to, 0);
    return true;
  }
  const int target = slot(to);
  const auto reads = [target](const auto& copy) { return copy.second == target; };
  if (std::any_of(copies_.begin(), copies_.end(), reads)) return false;
  const int source = slot_of_[from];
  const auto pending = copies_.find(source);
  copies_[target] = pending == copies_.end() ? source : pending->second;
  if (copies_[target] == target) copies_.erase(target);
  length_[to] = length_[from];
  return true;
}

}  // namespace harmonic
