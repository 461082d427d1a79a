#pragma once

#include <llama.h>

#include <cstdint>
#include <vector>

namespace harmonic {

/** Tokens for one llama_decode, each of one sequence. */
class Batch {
 public:
  void clear() {
    tokens_.clear();
    positions_.clear();
    sequences_.clear();
    outputs_.clear();
  }

  /** Returns the index to ask the logits by. */
  int add(int32_t token, int position, int sequence, bool output) {
    tokens_.push_back(token);
    positions_.push_back(position);
    sequences_.push_back(sequence);
    outputs_.push_back(output ? 1 : 0);
    return static_cast<int>(tokens_.size()) - 1;
  }

  int size() const { return static_cast<int>(tokens_.size()); }

  /** Valid until the batch changes. */
  llama_batch view() {
    counts_.assign(tokens_.size(), 1);
    sequence_pointers_.resize(tokens_.size());
    for (size_t i = 0; i < tokens_.size(); i++) sequence_pointers_[i] = &sequences_[i];
    llama_batch batch = {};
    batch.n_tokens = size();
    batch.token = tokens_.data();
    batch.pos = positions_.data();
    batch.n_seq_id = counts_.data();
    batch.seq_id = sequence_pointers_.data();
    batch.logits = outputs_.data();
    return batch;
  }

 private:
  std::vector<llama_token> tokens_;
  std::vector<llama_pos> positions_;
  std::vector<llama_seq_id> sequences_;
  std::vector<int8_t> outputs_;
  std::vector<int32_t> counts_;
  std::vector<llama_seq_id*> sequence_pointers_;
};

}  // namespace harmonic
