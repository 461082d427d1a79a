#pragma once
#include <map>
#include <vector>

namespace harmonic {

/**
 * Where the sequences of a DeviceCache lie in it, and how long they are. A sequence takes the first
 * free slot when it gets its first token, so that those of a batch lie close together.
 */
class DeviceSlots {
 public:
  explicit DeviceSlots(int n_sequences);

  int length(int sequence) const { return length_[sequence]; }
  /** Makes room for a token more, and returns the slot of the sequence. */
  int extend(int sequence);
  void clear();
  /** Forgets the positions from `from` on. */
  void truncate(int sequence, int from);
  /** `to` gets the positions of `from`: its slot is to be copied, see copies(). False where what is
   * to be copied already must be copied before. */
  bool copy(int from, int to);

  /** By slot, the one that it is to become a copy of; the caller clears it. */
  std::map<int, int>& copies() { return copies_; }

 private:
  int slot(int sequence);

  std::vector<int> slot_of_;   // by sequence, -1 none
  std::vector<int> length_;    // by sequence
  std::vector<bool> is_used_;  // by slot
  std::map<int, int> copies_;
};

}  // namespace harmonic
