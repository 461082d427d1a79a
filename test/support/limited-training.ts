import { train, type TrainPlan } from "../../src/train/train";
import { makePeople } from "./people";
import { trainOptions } from "./train";

/** What one training in a process of its own says of itself. */
export interface LimitedTraining {
  plan?: TrainPlan;
  lossPerRow?: number;
  /** largest resident memory of the process, bytes */
  peak: number;
  /** where it was refused */
  error?: { code: string; message: string; hint: string };
}

/** The command line: folder, name of its files, base, bytes allowed (0: any). One step over the whole table. */
async function main([folder, name, base, limit]: string[]): Promise<void> {
  const said: Partial<LimitedTraining> = {};
  try {
    const settings = { rank: 4, epochs: 1, batch: 64, microBatchTokens: 8192 };
    const options = trainOptions(folder!, name!, base!, settings);
    const maxMemory = Number(limit) || undefined;
    const columns = makePeople(96, 1);
    const result = await train({ ...options, columns, maxMemory, onPlan: (plan) => (said.plan = plan) });
    said.lossPerRow = result.lossPerRow;
  } catch (error) {
    const { code, message, hint } = error as { code: string; message: string; hint: string };
    said.error = { code, message, hint };
  }
  const peak = process.resourceUsage().maxRSS * 1024;
  console.log(JSON.stringify({ ...said, peak }));
}

if (require.main === module) void main(process.argv.slice(2));
