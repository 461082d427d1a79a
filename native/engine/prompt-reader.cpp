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
  for (auto first = groups.begin(); first != groups.end();) {
    const auto end = end_of_batch(first, groups, prefix.size());
    const std::vector<int> last = evaluate_together(first, end, n_shared);
    for (auto group = first; group != end; ++group) {
      const int leader = group->rows.front();
      const auto n_common = static_cast<int>(group->tokens.size());
      const float* logits = group->whole ? evaluator.logits(last[group - first]) : nullptr;
      evaluator.copy_to_all(leader, group->rows);
      for (const int r : group->rows) {
        DrawnRow& row = rows[r];
        row.position = n_common;
        if (group->whole) {
          drawer.draw(row, logits);
        } else {
          const std::vector<ColumnToken> all = tokens_before(request, row, r);
          row.pending.assign(all.begin() + n_common, all.end());
        }
      }
    }
    first = end;
  }
}

/** The groups from `first` on whose tokens behind the shared ones one batch takes: one at least. */
PromptReader::Groups::const_iterator PromptReader::end_of_batch(Groups::const_iterator first,
                                                                const Groups& groups,
                                                                size_t n_shared) const {
  const size_t most = decoder_.evaluator->tokens_of_prompts();
  size_t n = 0;
  auto end = first;
  while (end != groups.end() && (end == first || n + end->tokens.size() - n_shared <= most))
    n += end++->tokens.size() - n_shared;
  return end;
}

/** Returns the index of each group's last token in the last batch. */
std::vector<int> PromptReader::evaluate_together(Groups::const_iterator first,
                                                 Groups::const_iterator end, int n_shared) {
  if (end - first == 1) {
    const std::vector<ColumnToken> tokens(first->tokens.begin() + n_shared, first->tokens.end());
    return {evaluate(tokens, n_shared, first->rows.front(), first->whole)};
  }
  std::vector<int> last;
  decoder_.batch.clear();
  for (auto group = first; group != end; ++group) {
    const auto n = static_cast<int>(group->tokens.size());
    for (int i = n_shared; i < n; i++) {
      decoder_.batch.add(group->tokens[i], i, group->rows.front(), group->whole && i + 1 == n);
    }
    last.push_back(decoder_.batch.size() - 1);
  }
  decoder_.decode();
  return last;
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

/** Evaluates tokens of one sequence and returns the last one's index; `output`: with its logits. */
int PromptReader::evaluate(const std::vector<ColumnToken>& tokens, int position, int sequence,
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
  return batch.size() - 1;
}

}  // namespace harmonic
