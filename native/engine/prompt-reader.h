#pragma once

#include <vector>

#include "engine/decoder.h"
#include "engine/prompt-groups.h"
#include "engine/row-drawer.h"

namespace harmonic {

/** Most tokens of prompts that one batch takes. */
constexpr int kPromptBatch = 512;

/** Evaluates prompts, what they share once. */
class PromptReader {
 public:
  /** Which of two ways to spare evaluation are taken. */
  struct Shares {
    bool prefix;  // what all prompts begin with is evaluated once
    bool prompt;  // a prompt is evaluated once for its rows
  };

  PromptReader(Decoder& decoder, int n_sequences, Shares shares)
      : decoder_(decoder), n_sequences_(n_sequences), shares_(shares) {}

  /**
   * Evaluates what each group has in common once, on the sequence of its first row, and copies its
   * keys and values to its other rows. What all groups have in common is evaluated once. Draws the
   * first token of rows that have nothing else.
   */
  void read(const GenerateRequest& request, std::vector<DrawnRow>& rows, RowDrawer& drawer);
  /** Trusts nothing that the cache holds. */
  void forget() { prefix_.clear(); }

 private:
  void share_prefix(const std::vector<ColumnToken>& prefix);
  using Groups = std::vector<PromptGroup>;
  Groups::const_iterator end_of_batch(Groups::const_iterator first, const Groups& groups,
                                      size_t n_shared) const;
  std::vector<int> evaluate_together(Groups::const_iterator first, Groups::const_iterator end,
                                     int n_shared);
  int evaluate(const std::vector<ColumnToken>& tokens, int position, int sequence, bool output);

  Decoder& decoder_;
  const int n_sequences_;
  const Shares shares_;
  std::vector<ColumnToken> prefix_;  // whose keys and values sequence 0 keeps between requests
};

}  // namespace harmonic
