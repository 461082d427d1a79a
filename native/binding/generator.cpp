#include "binding/generator.h"

#include "binding/arrays.h"
#include "binding/async.h"

namespace harmonic {
namespace {

Automaton read_automaton(const Napi::Object& tables) {
  Automaton automaton;
  automaton.edge_offsets = copy_array<int32_t>(tables.Get("edgeOffsets"));
  automaton.edge_tokens = copy_array<int32_t>(tables.Get("edgeTokens"));
  automaton.edge_next = copy_array<int32_t>(tables.Get("edgeNext"));
  automaton.edge_columns = copy_array<int32_t>(tables.Get("edgeColumns"));
  automaton.edge_actions = copy_array<int32_t>(tables.Get("edgeActions"));
  automaton.column_kinds = copy_array<int32_t>(tables.Get("columnKinds"));
  return automaton;
}

GenerateRequest read_request(const Napi::Object& options) {
  GenerateRequest request;
  request.prompts = copy_array<int32_t>(options.Get("prompts"));
  request.prompt_offsets = copy_array<int32_t>(options.Get("promptOffsets"));
  request.rows_per_prompt = options.Get("rowsPerPrompt").As<Napi::Number>();
  request.seeds = copy_array<uint64_t>(options.Get("seeds"));
  request.temperature = options.Get("temperature").As<Napi::Number>();
  return request;
}

Napi::Value write_result(Napi::Env env, GenerateResult& result) {
  Napi::Array columns = Napi::Array::New(env, result.columns.size());
  for (uint32_t c = 0; c < result.columns.size(); c++) {
    const GeneratedColumn& column = result.columns[c];
    columns.Set(c, column.codes.empty() ? to_array_buffer(env, column.scaled)
                                        : to_array_buffer(env, column.codes));
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("columns", columns);
  object.Set("nTokens", static_cast<double>(result.n_tokens));
  return object;
}

class GeneratorHandle final : public Napi::ObjectWrap<GeneratorHandle> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "GeneratorHandle",
                       {InstanceMethod<&GeneratorHandle::generate>("generate"),
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
  return result;
}

}  // namespace harmonic
