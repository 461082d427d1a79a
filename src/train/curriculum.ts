import { capUses, neighborGroups, partitionGroups } from "../instruct/groups";
import type { Order } from "../instruct/order";
import { Random } from "../random";

export interface CurriculumOptions {
  groups: "knn" | "partition";
  nRows: number;
  /** examples before the last row of a group */
  k: number;
  /** shape (nRows, k); needed by "knn" */
  neighbors?: Int32Array;
  /** rows that get a group of their own with "knn", default all */
  targets?: ArrayLike<number>;
  /** times that a row may be an example in an epoch of "knn", default any */
  maxUses?: number;
  /** share of the groups whose columns are in a random order; default: none */
  permute?: { share: number; nColumns: number };
  batch: number;
  epochs: number;
  seed: number;
}

/**
 * Which groups each step learns: an order of all groups for every epoch, drawn from (seed, epoch) alone, so that a run
 * that goes on from a checkpoint sees what an uninterrupted one sees.
 */
export class Curriculum {
  readonly groupsPerEpoch: number;
  readonly steps: number;
  private readonly stepsPerEpoch: number;
  private cached: { epoch: number; groups: Int32Array[] } | undefined;

  constructor(private readonly options: CurriculumOptions) {
    this.groupsPerEpoch = this.epoch(0).length;
    this.stepsPerEpoch = Math.ceil(this.groupsPerEpoch / options.batch);
    this.steps = Math.max(1, Math.round(this.stepsPerEpoch * options.epochs));
  }

  /** The groups of a step, 0 .. steps - 1. */
  groupsOf(step: number): Int32Array[] {
    const groups = this.epoch(Math.floor(step / this.stepsPerEpoch));
    const first = (step % this.stepsPerEpoch) * this.options.batch;
    return groups.slice(first, first + this.options.batch);
  }

  /** The order of the columns of each of a step's groups, drawn from (seed, epoch, group); undefined: the schema's. */
  ordersOf(step: number): (Order | undefined)[] {
    const { permute, batch, seed } = this.options;
    const epoch = Math.floor(step / this.stepsPerEpoch);
    const first = (step % this.stepsPerEpoch) * batch;
    return this.groupsOf(step).map((_, g) => {
      if (!permute) return undefined;
      const random = new Random(seed)
        .derive("orders")
        .derive(epoch)
        .derive(first + g);
      if (random.nextFloat() >= permute.share) return undefined;
      return random.shuffle(Array.from({ length: permute.nColumns }, (_, f) => f));
    });
  }

  private epoch(epoch: number): Int32Array[] {
    if (this.cached?.epoch !== epoch) {
      const { groups, nRows, k, neighbors, targets, maxUses = Infinity, seed } = this.options;
      const random = new Random(seed).derive("curriculum").derive(epoch);
      this.cached = {
        epoch,
        groups:
          groups === "knn"
            ? capUses(random.shuffle(neighborGroups(neighbors!, k, nRows, targets)), maxUses)
            : partitionGroups(nRows, k + 1, random),
      };
    }
    return this.cached.groups;
  }
}
