#pragma once

#include <llama.h>

#include <cstdint>
#include <vector>

namespace harmonic {

/** A token with the column of the cell that the model goes on with behind it: -1 none or unknown.
 */
struct ColumnToken {
  int32_t token;
  int32_t column;
  bool operator==(const ColumnToken& other) const {
    return token == other.token && column == other.column;
  }
  bool operator<(const ColumnToken& other) const {
    return token != other.token ? token < other.token : column < other.column;
  }
};

/** Tokens for one llama_decode, each of one sequence. */
class Batch {
 public:
  void clear() {
    tokens_.clear();
    positions_.clear();
    sequences_.clear();
    outputs_.clear();
    columns_.clear();
  }

  /** Returns the index to ask the logits by. */
  int add(ColumnToken token, int position, int sequence, bool output) {
    tokens_.push_back(token.token);
    columns_.push_back(token.column);
    positions_.push_back(position);
    sequences_.push_back(sequence);
    outputs_.push_back(output ? 1 : 0);
    return static_cast<int>(tokens_.size()) - 1;
  }

  int add(int32_t token, int position, int sequence, bool output) {
    return add(ColumnToken{token, -1}, position, sequence, output);
  }

  int size() const { return static_cast<int>(tokens_.size()); }
  int32_t token(int i) const { return tokens_[i]; }
  int32_t column(int i) const { return columns_[i]; }
  int position(int i) const { return positions_[i]; }
  int sequence(int i) const { return sequences_[i]; }
  bool output(int i) const { return outputs_[i] != 0; }

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
  std::vector<int32_t> columns_;
  std::vector<int32_t> counts_;
  std::vector<llama_seq_id*> sequence_pointers_;
};

}  // namespace harmonic
