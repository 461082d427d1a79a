// Writes what training.py computes its reference from: for each case its base model, the problem as JSON, and the adapter
// to begin with as PEFT loads it.   node -r ./benchmarks/register.js test/parity/training-inputs.ts DIR
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exportAdapter } from "../../src/run/peft";
import { randomizeAdapter } from "../support/trainer-state";
import { openProblem, TRAINING_CASES } from "../support/training-cases";

async function main(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const { name, base, problem } of TRAINING_CASES) {
    const path = await base(folder);
    if (path === undefined) throw new Error(`the model of ${name} is missing: npx harmonic model pull`);
    const made = await problem(path);
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(made));
    copyFileSync(path, join(folder, `${name}.gguf`));
    const trainer = await openProblem(path, made, "f32");
    const adapter = join(folder, `${name}-adapter.gguf`);
    await randomizeAdapter(trainer, adapter);
    trainer.close();
    await exportAdapter({ adapter, out: join(folder, `${name}-peft`), base: path });
  }
}

main(process.argv[2] ?? "training-inputs").catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
