import type { Command } from "commander";
import type { StageControl } from "../progress";
import { addOptions, flag, readOptions, type OptionSpecs, type OptionValues } from "./options";
import type { Io } from "./io";
import { createProgressView, type ProgressView } from "./progress";

const COMMON = {
  json: flag("--json", "print the result as one JSON object"),
  quiet: flag("-q, --quiet", "no progress and no messages but errors"),
} satisfies OptionSpecs;

/** What the body of a command gets. */
export interface CommandContext<S extends OptionSpecs> {
  /** positional arguments */
  arguments: string[];
  options: OptionValues<S>;
  /** for the stages: the signal of Ctrl-C, and where progress goes */
  control: Required<Pick<StageControl, "onProgress">> & { signal: AbortSignal };
  view: ProgressView;
  io: Io;
  /** Prints the result: `text` for a person, `value` as JSON with --json. */
  print: (value: unknown, text: string) => Promise<void>;
}

/**
 * Gives a command its options and its body. The body calls the library and prints what it returns; every error that it
 * throws goes through to the caller of the program.
 */
export function defineCommand<S extends OptionSpecs>(
  command: Command,
  specs: S,
  io: Io,
  body: (context: CommandContext<S>) => Promise<void>,
  settings: { config?: boolean } = {},
): Command {
  addOptions(command, specs, settings);
  addOptions(command, COMMON);
  return command.action(async () => {
    const given = command.opts<Record<string, unknown>>();
    const common = await readOptions({ ...given, config: undefined }, COMMON);
    const view = createProgressView(io, common.quiet);
    try {
      await body({
        arguments: command.args,
        options: await readOptions(given, specs),
        control: { signal: io.signal, onProgress: view.onProgress },
        view,
        io,
        print: async (value, text) => {
          view.stop();
          await write(io.stdout, common.json === true ? JSON.stringify(value, null, 2) + "\n" : text);
        },
      });
    } finally {
      view.stop();
    }
  });
}

/** Writes and waits until it is taken, so that nothing is lost where the process ends right after. */
function write(stream: Io["stdout"], text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
