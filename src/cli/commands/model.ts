import type { Command } from "commander";
import type { Io } from "../io";
import { addModelExport } from "./model-export";
import { addModelInfo } from "./model-info";
import { addModelList } from "./model-list";
import { addModelMerge } from "./model-merge";
import { addModelNew } from "./model-new";
import { addModelPull } from "./model-pull";

export function addModel(program: Command, io: Io): void {
  const model = program.command("model").description("base models on this machine");
  addModelList(model, io);
  addModelPull(model, io);
  addModelInfo(model, io);
  addModelMerge(model, io);
  addModelExport(model, io);
  addModelNew(model, io);
}
