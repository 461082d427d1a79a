#pragma once

#include <vector>

#include "engine/decoder.h"
#include "engine/drafts.h"
#include "engine/row-drawer.h"

namespace harmonic {

/** Most tokens of a row that go into one step. */
constexpr int kMaxJump = 8;

/** Takes many rows to their ends together: each step is one batch for all that run. */
class LockStep {
 public:
  /** `most_outputs`: logits asked for behind one step at most; `jump_forward`: forced tokens go
   * several a step. */
  LockStep(Decoder& decoder, const Grammar& grammar, const Drafts& drafts, int most_outputs,
           bool jump_forward);

  /** One step of the rows that are not done, of which there is one at least. */
  void step(std::vector<DrawnRow>& rows, RowDrawer& drawer);

 private:
  int guess_ahead(DrawnRow& row, int n_running, int most_outputs) const;
  int step_length(const std::vector<DrawnRow>& rows, const std::vector<int>& running) const;
  int tokens_ahead(const DrawnRow& row) const;
  void go_on(DrawnRow& row, int r, int first, int n, int n_evaluated, RowDrawer& drawer);

  Decoder& decoder_;
  const Grammar& grammar_;
  const Drafts& drafts_;
  const int most_outputs_;
  const bool jump_forward_;
};

}  // namespace harmonic
