#include "engine/device-evaluator.h"

#include <algorithm>
#include <tuple>

#include "engine/error.h"

namespace harmonic {
namespace {

/** Tokens that one pass takes, where rows are fewer. */
constexpr int kMostTokens = 2048;
/** Tokens that a row brings to a step at most; a prompt brings more. */
constexpr int kMostAhead = 8;
constexpr int kPromptUnit = 32;
/** A pass of fewer takes as long. */
constexpr int kFewTokens = 64, kFewRows = 16;
constexpr size_t kMostPasses = 16;
/** A pass's own time in tokens, before its arithmetic counts; not measured. */
constexpr double kBatchCost = 32;

int power_of_two(int n) {
  int power = 1;
  while (power < n) power *= 2;
  return power;
}

/** Tokens of a row in a pass: one, those of a step, or whole units of a prompt's. */
int padded_per_row(int n) {
  if (n == 1) return 1;
  return n <= kMostAhead ? kMostAhead : (n + kPromptUnit - 1) / kPromptUnit * kPromptUnit;
}

/** The next of 64, 96, 128, 192 ...: at most a third is padding where it costs anything. */
int padded_count(int n) {
  if (n <= kFewTokens) return kFewTokens;
  const int power = power_of_two(n);
  return n <= power / 4 * 3 ? power / 4 * 3 : power;
}

/** The next of 16, 64, 256 ...: logits of a table's tokens cost little. */
int padded_outputs(int n) {
  int size = kFewRows;
  while (size < n) size *= 4;
  return size;
}

bool is_large(const PassShape& shape) { return shape.per_row > kMostAhead; }

}  // namespace

/** Tokens begin .. end - 1 of a batch, of sequences in the slots first .. first + span - 1. */
struct DeviceEvaluator::Part {
  int begin = 0, end = 0;
  int first = 0, span = 0;
  int per_row = 0;  // tokens of a sequence at most
  int longest = 0;  // positions of a sequence, with these
};

DeviceEvaluator::DeviceEvaluator(std::shared_ptr<const DeviceModel> model,
                                 const EvaluatorOptions& options)
    : model_(std::move(model)),
      backend_(model_->device(), options.threads, options.aborted),
      slots_(options.n_sequences),
      cache_(backend_, model_->weights().hp, options.n_sequences, options.n_context,
             options.small_cache && !model_->is_exact() ? GGML_TYPE_F16 : GGML_TYPE_F32),
      head_(*model_, backend_, options),
      most_tokens_(std::max(kMostTokens, options.n_sequences)) {
  // The largest that a step takes: memory that is lacking is to be told of before rows are drawn.
  PassShape step;
  step.n_rows = step.n_tokens = step.n_outputs = options.n_sequences;
  step.per_row = 1;
  step.n_positions = cache_.n_positions();
  pass_for(step);
}

double DeviceEvaluator::batch_cost() const {
  if (head_.is_by_column()) return 0;
  return backend_.is_cpu() ? Evaluator::batch_cost() : kBatchCost;
}

void DeviceEvaluator::clear() { slots_.clear(); }

void DeviceEvaluator::remove(int sequence, int from) { slots_.truncate(sequence, from); }

void DeviceEvaluator::copy(int from, int to) {
  if (slots_.copy(from, to)) return;
  copy_slots();
  slots_.copy(from, to);
}

void DeviceEvaluator::copy_slots() {
  cache_.copy(slots_.copies());
  slots_.copies().clear();
}

void DeviceEvaluator::evaluate(Batch& batch) {
  copy_slots();
  const int n = batch.size();
  slot_of_.resize(n);
  for (int i = 0; i < n; i++) {
    const int sequence = batch.sequence(i), position = batch.position(i);
    if (position != slots_.length(sequence) || position >= cache_.capacity()) {
      throw Error("E_NATIVE", "sequence " + std::to_string(sequence) + " has no position " +
                                  std::to_string(position));
    }
    slot_of_[i] = slots_.extend(sequence);
  }
  logits_.clear();
  logits_at_.assign(n, 0);
  for (int begin = 0; begin < n;) {
    if (backend_.aborted()) throw Error("E_ABORTED", "sampling was interrupted");
    const Part part = next_part(batch, begin);
    try {
      evaluate_part(batch, part);
    } catch (const Error& error) {
      // Too little memory for so many: fewer at once from now on.
      if (error.code != "E_MODEL" || part.end - begin == 1) throw;
      most_tokens_ = std::max(1, std::min(most_tokens_, part.end - begin) / 2);
      continue;
    }
    begin = part.end;
  }
}

/** As many tokens as one pass takes, also when rows are padded to the longest of them. */
DeviceEvaluator::Part DeviceEvaluator::next_part(const Batch& batch, int begin) const {
  std::vector<int> counts(cache_.n_slots(), 0);
  Part part;
  part.begin = part.end = begin;
  part.first = cache_.n_slots();
  int last = -1;
  for (int i = begin; i < batch.size() && i - begin < most_tokens_; i++) {
    const int slot = slot_of_[i];
    const int first = std::min(part.first, slot), span = std::max(last, slot) - first + 1;
    const int per_row = std::max(part.per_row, ++counts[slot]);
    const auto padded = static_cast<int64_t>(padded_per_row(per_row)) * power_of_two(span);
    if (i > begin && padded > most_padded()) break;
    part = {begin, i + 1, first, span, per_row, std::max(part.longest, batch.position(i) + 1)};
    last = std::max(last, slot);
  }
  return part;
}

/** Places of the tokens of a part, with those that stay empty. */
int64_t DeviceEvaluator::most_padded() const {
  return std::max<int64_t>(2 * most_tokens_, kMostAhead * cache_.n_slots());
}

/** First slot and number of slots: a power of two, for prompts, which are few. */
std::pair<int, int> DeviceEvaluator::slots_from(const Part& part) const {
  const int n = std::min(power_of_two(part.span), cache_.n_slots());
  return {std::min(part.first, cache_.n_slots() - n), n};
}

/** The same for steps: a window of 16, 64, 256 ... slots, or all, so that few graphs are built. */
std::pair<int, int> DeviceEvaluator::window_of(const Part& part) const {
  for (int n = kFewRows; n < cache_.n_slots(); n *= 4) {
    const int first = part.first / n * n;
    if (part.first + part.span <= first + n && first + n <= cache_.n_slots()) return {first, n};
  }
  return {0, cache_.n_slots()};
}

PassShape DeviceEvaluator::shape_of(const Batch& batch, const Part& part, int n_outputs,
                                    int n_chosen) const {
  PassShape shape;
  shape.per_row = padded_per_row(part.per_row);
  std::tie(shape.first_row, shape.n_rows) = is_large(shape) ? slots_from(part) : window_of(part);
  const int n = part.end - part.begin, most = shape.n_rows * shape.per_row;
  shape.n_tokens = shape.is_ragged() ? std::min(padded_count(n), most) : most;
  shape.n_positions = cache_.positions_for(part.longest);
  if (n_outputs > 0) {
    shape.n_outputs =
        shape.per_row == 1 ? shape.n_tokens : std::min(padded_outputs(n_outputs), shape.n_tokens);
  }
  shape.n_chosen = n_chosen;
  for (int i = part.begin; i < part.end && model_->n_columns() > 0; i++) {
    const int column = batch.column(i);
    shape.columns = shape.columns || (column >= 0 && column < model_->n_columns() &&
                                      column != model_->natural_column(batch.token(i)));
  }
  return shape;
}

/** Where a token lies among those of a pass: with one a row at its row. */
int DeviceEvaluator::place_of(const PassShape& shape, const Part& part, int i) const {
  return shape.per_row == 1 ? slot_of_[i] - shape.first_row : i - part.begin;
}

void DeviceEvaluator::evaluate_part(const Batch& batch, const Part& part) {
  std::vector<int32_t> columns;
  for (int i = part.begin; i < part.end; i++) {
    if (batch.output(i)) columns.push_back(batch.column(i));
  }
  const DeviceHead::Choice choice = head_.choose(columns);
  const PassShape shape =
      shape_of(batch, part, static_cast<int>(columns.size()), static_cast<int>(choice.rows.size()));
  DevicePass& pass = pass_for(shape);
  fill(pass, batch, part);
  std::copy(choice.rows.begin(), choice.rows.end(), pass.input(PassInput::kHeadRows));
  const size_t width = pass.n_logits(), begin = logits_.size();
  logits_.resize(begin + shape.n_outputs * width);
  size_t next = 0;
  for (int i = part.begin; i < part.end; i++) {
    if (!batch.output(i)) continue;
    const size_t row = shape.chooses_outputs() ? next++ : place_of(shape, part, i);
    logits_at_[i] = begin + row * width + head_.begin(choice, batch.column(i));
  }
  pass.run(logits_.data() + begin);
}

void DeviceEvaluator::fill(DevicePass& pass, const Batch& batch, const Part& part) const {
  const PassShape& s = pass.shape();
  const auto set_all = [&](PassInput which, int32_t value) {
    std::fill_n(pass.input(which), pass.size(which), value);
  };
  // What pads a batch is written where nobody looks.
  const int unused = s.first_row * cache_.n_positions() + cache_.unused_position();
  for (const PassInput which : {PassInput::kTokens, PassInput::kPositions, PassInput::kSeen,
                                PassInput::kTokensAt, PassInput::kPlacesAt, PassInput::kOutputs})
    set_all(which, 0);
  set_all(PassInput::kKeysAt, unused);
  set_all(PassInput::kValuesAt, cache_.unused_position());
  set_all(PassInput::kColumns, model_->n_columns());
  set_all(PassInput::kNaturalColumns, model_->n_columns());
  std::vector<int> counts(s.n_rows, 0);
  int n_outputs = 0;
  for (int i = part.begin; i < part.end; i++) {
    const int row = slot_of_[i] - s.first_row, position = batch.position(i);
    const int place = row * s.per_row + counts[row]++, at = place_of(s, part, i);
    pass.input(PassInput::kTokens)[at] = batch.token(i);
    pass.input(PassInput::kPositions)[at] = position;
    pass.input(PassInput::kSeen)[place] = position;
    pass.input(PassInput::kKeysAt)[at] = slot_of_[i] * cache_.n_positions() + position;
    if (pass.size(PassInput::kValuesAt) > 0) pass.input(PassInput::kValuesAt)[place] = position;
    if (s.is_ragged()) {
      pass.input(PassInput::kTokensAt)[place] = at;
      pass.input(PassInput::kPlacesAt)[at] = place;
    }
    if (batch.output(i) && s.chooses_outputs()) pass.input(PassInput::kOutputs)[n_outputs++] = at;
    if (!s.columns) continue;
    const int natural = model_->natural_column(batch.token(i)), column = batch.column(i);
    const bool is_known = column >= 0 && column < model_->n_columns();
    pass.input(PassInput::kColumns)[at] = is_known ? column : natural;
    pass.input(PassInput::kNaturalColumns)[at] = natural;
  }
}

DevicePass& DeviceEvaluator::pass_for(const PassShape& shape) {
  const auto is_it = [&](const auto& pass) { return pass->shape().sizes() == shape.sizes(); };
  const auto found = std::find_if(passes_.begin(), passes_.end(), is_it);
  if (found != passes_.end()) {
    passes_.splice(passes_.begin(), passes_, found);
    return *passes_.front();
  }
  drop_passes_like(shape);
  try {
    passes_.push_front(make_pass(shape));
  } catch (const Error&) {
    if (passes_.empty()) throw;
    // Others' memory may be enough.
    passes_.clear();
    prompt_memory_.reset();
    passes_.push_front(make_pass(shape));
  }
  const auto& lacking = passes_.front()->on_cpu();
  on_cpu_.insert(lacking.begin(), lacking.end());
  return *passes_.front();
}

/** Prompts are of many lengths and their passes large: one is kept. Of others the last used. */
void DeviceEvaluator::drop_passes_like(const PassShape& shape) {
  if (is_large(shape)) passes_.remove_if([](const auto& pass) { return is_large(pass->shape()); });
  while (passes_.size() >= kMostPasses) passes_.pop_back();
}

std::unique_ptr<DevicePass> DeviceEvaluator::make_pass(const PassShape& shape) {
  const auto in = [&](const PassShape& s, const std::shared_ptr<PassMemory>& memory) {
    return std::make_unique<DevicePass>(*model_, backend_, cache_, head_, s, memory);
  };
  const auto memory_for = [&](int n_inputs) {
    return std::make_shared<PassMemory>(backend_, *model_, n_inputs);
  };
  const int n_inputs = InputLayout(shape, !cache_.is_fused()).total;
  if (!is_large(shape)) return in(shape, memory_for(n_inputs));
  if (!prompt_memory_ || n_inputs > prompt_memory_->inputs->ne[0]) {
    // At once as large as it may have to be: taking more later is slow.
    const PassShape largest = largest_prompts();
    prompt_memory_.reset();
    const auto memory =
        memory_for(std::max(n_inputs, InputLayout(largest, !cache_.is_fused()).total));
    in(largest, memory);
    prompt_memory_ = memory;
  }
  return in(shape, prompt_memory_);
}

/** No pass that next_part() makes of prompts takes more memory. */
PassShape DeviceEvaluator::largest_prompts() const {
  PassShape shape;
  shape.per_row = padded_per_row(std::min(cache_.capacity(), most_tokens_));
  shape.n_rows = 1;
  while (2 * shape.n_rows <= cache_.n_slots() &&
         2 * shape.n_rows * shape.per_row <= most_padded()) {
    shape.n_rows *= 2;
  }
  shape.n_tokens = shape.n_rows * shape.per_row;
  if (shape.is_ragged()) shape.n_tokens = std::min(shape.n_tokens, padded_count(most_tokens_));
  shape.n_positions = cache_.n_positions();
  shape.n_outputs = std::min(padded_outputs(shape.n_rows), shape.n_tokens);
  shape.columns = model_->n_columns() > 0;
  return shape;
}

}  // namespace harmonic
