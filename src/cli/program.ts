import { Command } from "commander";
import { addTrain } from "./commands/train";
import { packageVersion } from "../version";
import type { Io } from "./io";
import { addBench } from "./commands/bench";
import { addDoctor } from "./commands/doctor";
import { addEvaluate } from "./commands/evaluate";
import { addMerge } from "./commands/merge";
import { addModel } from "./commands/model";
import { addPreprocess } from "./commands/preprocess";
import { addRun } from "./commands/run";
import { addSample } from "./commands/sample";
import { addSchema } from "./commands/schema";

/**
 * The whole command line as a value: reads and writes only through `io`, ends only by returning or throwing, so that a
 * test can run it in its own process.
 */
export function createProgram(io: Io): Command {
  const program = new Command("harmonic")
    .description(
      "Synthetic tables from a language model fine-tuned on rows, or from a model of the table alone.",
    )
    .version(packageVersion(), "-V, --version")
    .addHelpText(
      "after",
      "\nTo begin: harmonic run TABLE --target COLUMN, then open harmonic-TABLE/report.html.",
    )
    .exitOverride()
    .showHelpAfterError("hint: add --help for the options of a command")
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
    });
  addRun(program, io);
  addSchema(program, io);
  addPreprocess(program, io);
  addTrain(program, io);
  addSample(program, io);
  addMerge(program, io);
  addEvaluate(program, io);
  addBench(program, io);
  addModel(program, io);
  addDoctor(program, io);
  return program;
}
