#include "engine/prompt-reader.h"

#include <algorithm>

namespace harmonic {
namespace {

/** A shorter common prefix costs less to evaluate again than to copy. */
constexpr size_t kLeastPrefix = 8;

}  // namespace

void PromptReader::read(const GenerateRequest& request, std::vector<DrawnRow>& rows,
                        RowDrawer& drawer) {
  Evaluator& evaluator = *decoder_.evaluator;
  const auto groups = group_rows(request, rows, shares_.prompt);
  if (groups.empty()) return;
  std::vector<ColumnToken> prefix = common_prefix(groups);
  if (groups.size() == 1 || prefix.size() < kLeastPrefix || !shares_.prefix) prefix.clear();
  share_prefix(prefix);
  if (!prefix.empty()) {
    for (const PromptGroup& group : groups) evaluator.copy(0, group.rows.front());
  }
  const auto n_shared = static_cast<int>(prefix.size());
  for (const PromptGroup& group : groups) {
    const int leader = group.rows.front();
    const auto n_common = static_cast<int>(group.tokens.size());
    evaluate({group.tokens.begin() + n_shared, group.tokens.end()}, n_shared, leader, group.whole);
    const float* logits = group.whole ? evaluator.logits(decoder_.batch.size() - 1) : nullptr;
    evaluator.copy_to_all(leader, group.rows);
    for (const int r : group.rows) {
      DrawnRow& row = rows[r];
      row.position = n_common;
      if (group.whole) {
        drawer.draw(row, logits);
      } else {
        const std::vector<ColumnToken> all = tokens_before(request, row, r);
        row.pending.assign(all.begin() + n_common, all.end());
      }
    }
  }
}

/** Leaves the cache with the prefix in sequence 0 and nothing else. */
void PromptReader::share_prefix(const std::vector<ColumnToken>& prefix) {
  Evaluator& evaluator = *decoder_.evaluator;
  if (!prefix.empty() && prefix == prefix_) {
    evaluator.remove(0, static_cast<int>(prefix.size()));
    for (int s = 1; s < n_sequences_; s++) evaluator.remove(s, 0);
    return;
  }
  evaluator.clear();
  prefix_.clear();
  if (prefix.empty()) return;
  evaluate(prefix, 0, 0, false);
  prefix_ = prefix;
}

/** Evaluates tokens of one sequence; `output`: the last one's logits, at index batch.size() - 1.
 */
void PromptReader::evaluate(const std::vector<ColumnToken>& tokens, int position, int sequence,
                            bool output) {
  Batch& batch = decoder_.batch;
  for (size_t begin = 0; begin < tokens.size(); begin += kPromptBatch) {
    const size_t end = std::min(tokens.size(), begin + kPromptBatch);
    batch.clear();
    for (size_t i = begin; i < end; i++) {
      batch.add(tokens[i], position + static_cast<int>(i), sequence,
                output && i + 1 == tokens.size());
    }
    decoder_.decode();
  }
}

}  // namespace harmonic
