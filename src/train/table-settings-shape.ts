import { z } from "zod";

/** What decides a table model, beside what decides any training; absent: by the size of the table. */
export const tableSettingsShape = {
  /** blocks of the model */
  layers: z.int().min(1).max(64).optional(),
  /** values of a token's state */
  width: z.int().min(8).max(4096).optional(),
  /** heads of attention */
  heads: z.int().min(1).max(64).optional(),
  /** how numbers with many values are written */
  numbers: z.enum(["auto", "bins", "digits"]).optional(),
  /** values of fewer rows than this are neither learned nor drawn */
  protectRare: z.int().min(0).optional(),
  /** whether tokens of numbers begin with what their values are: rank, value and place among the quantiles */
  ordinal: z.boolean().optional(),
  /** share of a number's label that its neighbouring values get */
  smoothing: z.number().min(0).lt(1).optional(),
  /** share of the averaged weights that a step keeps; 0: the last step's weights are kept */
  averaging: z.number().min(0).lt(1).optional(),
  /** share of the training rows that are kept from training, to find the best step */
  validation: z.number().min(0).max(0.5).optional(),
};

export const TABLE_SETTINGS = Object.keys(tableSettingsShape) as (keyof typeof tableSettingsShape)[];
