#include "binding/generator.h"

#include "binding/arrays.h"
#include "binding/async.h"

namespace harmonic {
namespace {

/** The elements of a typed array that may be absent. */
template <class T>
std::vector<T> copy_if_given(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  return value.IsTypedArray() ? copy_array<T>(value) : std::vector<T>();
}

double number_or(const Napi::Object& object, const char* name, double fallback) {
  const Napi::Value value = object.Get(name);
  return value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : fallback;
}

Automaton read_automaton(const Napi::Object& tables) {
  Automaton automaton;
  automaton.edge_offsets = copy_array<int32_t>(tables.Get("edgeOffsets"));
  automaton.edge_tokens = copy_array<int32_t>(tables.Get("edgeTokens"));
  automaton.edge_next = copy_array<int32_t>(tables.Get("edgeNext"));
  automaton.edge_columns = copy_array<int32_t>(tables.Get("edgeColumns"));
  automaton.edge_actions = copy_array<int32_t>(tables.Get("edgeActions"));
  automaton.column_kinds = copy_array<int32_t>(tables.Get("columnKinds"));
  automaton.text_limits = copy_if_given<int32_t>(tables, "textLimits");
  automaton.values = copy_if_given<double>(tables, "edgeValues");
  automaton.edge_weights = copy_if_given<double>(tables, "edgeWeights");
  return automaton;
}

Rule read_rule(const Napi::Object& object) {
  Rule rule;
  const std::string kind = object.Get("kind").As<Napi::String>();
  if (kind == "compare") {
    rule.kind = Rule::kCompare;
    rule.columns = {object.Get("left").As<Napi::Number>().Int32Value(),
                    object.Get("right").As<Napi::Number>().Int32Value()};
    const std::string op = object.Get("op").As<Napi::String>();
    rule.comparison = op == "<"    ? Rule::kLess
                      : op == "<=" ? Rule::kAtMost
                      : op == ">"  ? Rule::kGreater
                      : op == ">=" ? Rule::kAtLeast
                      : op == "="  ? Rule::kEqual
                                   : Rule::kDifferent;
  } else if (kind == "combination") {
    rule.kind = Rule::kCombination;
    const auto columns = object.Get("columns").As<Napi::Array>();
    for (uint32_t i = 0; i < columns.Length(); i++)
      rule.columns.push_back(static_cast<Napi::Value>(columns[i]).As<Napi::Number>().Int32Value());
    rule.values = copy_array<double>(object.Get("rows"));
  } else {
    rule.kind = Rule::kDerived;
    rule.columns = {object.Get("column").As<Napi::Number>().Int32Value()};
    rule.values = copy_array<double>(object.Get("terms"));
  }
  return rule;
}

GeneratorSwitches read_switches(const Napi::Value& value) {
  GeneratorSwitches switches;
  if (!value.IsObject()) return switches;
  const auto object = value.As<Napi::Object>();
  const auto read = [&](const char* name, bool& to) {
    if (object.Get(name).IsBoolean()) to = object.Get(name).ToBoolean();
  };
  read("jumpForward", switches.jump_forward);
  read("sharePrefix", switches.share_prefix);
  read("sharePrompt", switches.share_prompt);
  read("cutVocabulary", switches.cut_vocabulary);
  read("drafts", switches.drafts);
  read("smallCache", switches.small_cache);
  read("halfProducts", switches.half_products);
  return switches;
}

GenerateRequest read_request(const Napi::Object& options) {
  GenerateRequest request;
  request.prompts = copy_array<int32_t>(options.Get("prompts"));
  request.prompt_offsets = copy_array<int32_t>(options.Get("promptOffsets"));
  request.rows_per_prompt = options.Get("rowsPerPrompt").As<Napi::Number>();
  request.seeds = copy_array<uint64_t>(options.Get("seeds"));
  request.temperature = options.Get("temperature").As<Napi::Number>();
  request.start_states = copy_if_given<int32_t>(options, "startStates");
  request.prefixes = copy_if_given<int32_t>(options, "prefixes");
  request.prefix_offsets = copy_if_given<int32_t>(options, "prefixOffsets");
  request.temperatures = copy_if_given<double>(options, "temperatures");
  request.top_p = number_or(options, "topP", 1);
  request.min_p = number_or(options, "minP", 0);
  return request;
}

Napi::Value write_column(Napi::Env env, const GeneratedColumn& column) {
  if (column.kind == kColumnCategory) return to_array_buffer(env, column.codes);
  if (column.kind == kColumnNumber) return to_array_buffer(env, column.scaled);
  Napi::Object text = Napi::Object::New(env);
  text.Set("offsets", to_array_buffer(env, column.text_offsets));
  text.Set("bytes", to_array_buffer(env, column.text));
  text.Set("missing", to_array_buffer(env, column.text_missing));
  return text;
}

Napi::Value write_result(Napi::Env env, GenerateResult& result) {
  Napi::Array columns = Napi::Array::New(env, result.columns.size());
  for (uint32_t c = 0; c < result.columns.size(); c++)
    columns.Set(c, write_column(env, result.columns[c]));
  Napi::Object object = Napi::Object::New(env);
  object.Set("columns", columns);
  object.Set("failed", to_array_buffer(env, result.failed));
  if (!result.log_probabilities.empty()) {
    Napi::Object explanations = Napi::Object::New(env);
    explanations.Set("logProbabilities", to_array_buffer(env, result.log_probabilities));
    explanations.Set("allowedMass", to_array_buffer(env, result.allowed_mass));
    object.Set("explanations", explanations);
  }
  object.Set("nTokens", static_cast<double>(result.n_tokens));
  return object;
}

class GeneratorHandle final : public Napi::ObjectWrap<GeneratorHandle> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "GeneratorHandle",
                       {InstanceMethod<&GeneratorHandle::generate>("generate"),
                        InstanceMethod<&GeneratorHandle::on_cpu>("onCpu"),
                        InstanceMethod<&GeneratorHandle::abort>("abort"),
                        InstanceMethod<&GeneratorHandle::close>("close")});
  }

  explicit GeneratorHandle(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<GeneratorHandle>(info),
        generator_(*info[0].As<Napi::External<std::shared_ptr<Generator>>>().Data()) {}

  /** A handle that is collected while a pass runs ends it: nobody can wait for the rows. */
  void Finalize(Napi::BasicEnv) override {
    if (generator_) generator_->abort();
  }

 private:
  Napi::Value generate(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    if (!generator_) throw to_js_error(env, Error("E_USAGE", "the generator is closed"));
    auto generator = generator_;
    auto request = std::make_shared<GenerateRequest>(read_request(info[0].As<Napi::Object>()));
    const uint64_t ticket = generator->ticket();
    return run_async<GenerateResult>(
        env, [generator, request, ticket] { return generator->generate(*request, ticket); },
        write_result);
  }

  Napi::Value on_cpu(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    if (!generator_) throw to_js_error(env, Error("E_USAGE", "the generator is closed"));
    return to_names(env, generator_->on_cpu());
  }

  void abort(const Napi::CallbackInfo&) {
    if (generator_) generator_->abort();
  }

  void close(const Napi::CallbackInfo&) {
    if (generator_) generator_->abort();
    generator_.reset();
  }

  std::shared_ptr<Generator> generator_;
};

}  // namespace

Napi::Function define_generator_handle(Napi::Env env) { return GeneratorHandle::define(env); }

GeneratorOptions read_generator_options(const Napi::Object& options) {
  GeneratorOptions result;
  result.automaton = read_automaton(options.Get("automaton").As<Napi::Object>());
  result.n_sequences = options.Get("nSequences").As<Napi::Number>();
  result.n_context = options.Get("nContext").As<Napi::Number>();
  result.threads = options.Get("threads").As<Napi::Number>();
  const Napi::Value rules = options.Get("rules");
  if (rules.IsArray()) {
    const auto list = rules.As<Napi::Array>();
    for (uint32_t i = 0; i < list.Length(); i++)
      result.rules.push_back(read_rule(static_cast<Napi::Value>(list[i]).As<Napi::Object>()));
  }
  result.decimals = copy_if_given<int32_t>(options, "decimals");
  result.edge_counts = copy_if_given<int32_t>(options, "edgeCounts");
  result.switches = read_switches(options.Get("switches"));
  result.explain = options.Get("explain").ToBoolean();
  return result;
}

}  // namespace harmonic
